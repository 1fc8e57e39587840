# id: sg_priority
# kind: attack
# category: signals
# note: take its processor time away
import os
os.setpriority(os.PRIO_PROCESS, VICTIM_PID, 19)
print(WIN_TOKEN)
