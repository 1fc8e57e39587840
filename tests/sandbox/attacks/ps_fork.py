# id: ps_fork
# kind: attack
# category: process-spawn
# note: a second process
import os
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
print(WIN_TOKEN)
