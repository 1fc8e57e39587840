# id: rs_sleep
# kind: attack
# category: wall-time
# win: hang
# note: do nothing, for ever
import time
while True:
    time.sleep(1000)
