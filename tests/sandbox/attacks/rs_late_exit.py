# id: rs_late_exit
# kind: attack
# category: wall-time
# win: hang
# note: go on in what is called at the end
import atexit, time
atexit.register(time.sleep, 1000)
