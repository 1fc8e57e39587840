# id: nw_raw_call
# kind: attack
# category: network
# machine: x86_64
# note: a socket made by its number
import ctypes
if ctypes.CDLL(None).syscall(41, 2, 1, 0) >= 0:
    print(WIN_TOKEN)
