# id: sg_parent
# kind: attack
# category: signals
# note: kill the process that keeps this one
import os
pid = os.getppid()
if pid > 1:
    os.kill(pid, 0)
    print(WIN_TOKEN)
