# id: ps_bomb
# kind: attack
# category: process-spawn
# note: as many processes as can be had
import os, time
made = 0
for _ in range(PROC_MAX):
    if os.fork() == 0:
        time.sleep(2)
        os._exit(0)
    made += 1
print(WIN_TOKEN)
