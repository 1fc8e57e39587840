# id: sg_kill
# kind: attack
# category: signals
# win: victim-killed
# note: kill a process of the host
import os
os.kill(VICTIM_PID, 9)
