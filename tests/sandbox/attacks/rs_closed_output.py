# id: rs_closed_output
# kind: attack
# category: wall-time
# win: hang
# note: close what is watched, and go on
import os, time
for fd in range(64):
    try:
        os.close(fd)
    except OSError:
        pass
time.sleep(1000)
