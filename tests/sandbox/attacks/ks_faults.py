# id: ks_faults
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: page faults handled by a program
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(323, 1)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
