# id: ps_daemon
# kind: attack
# category: process-spawn
# win: hang
# note: a process that stays behind
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3):
            os.close(fd)
        time.sleep(30)
    os._exit(0)
os.wait()
