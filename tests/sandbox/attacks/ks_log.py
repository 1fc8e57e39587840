# id: ks_log
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: the log of the kernel
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(103, 10, None, 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
