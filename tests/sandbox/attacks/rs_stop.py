# id: rs_stop
# kind: attack
# category: wall-time
# win: hang
# note: stop oneself
import ctypes, os, signal, time
os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(1000)
