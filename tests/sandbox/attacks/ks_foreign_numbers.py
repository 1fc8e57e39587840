# id: ks_foreign_numbers
# kind: attack
# category: kernel-surface
# machine: x86_64
# bare: no - most kernels are built without it
# note: a call by the numbers of the other calling convention
import ctypes
if ctypes.CDLL(None).syscall(0x40000000 | 39) > 0:
    print(WIN_TOKEN)
