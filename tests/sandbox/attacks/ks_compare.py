# id: ks_compare
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# bare: no - needs the rights over both
# note: compare what two processes hold
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(312, 1, 1, 0, 0, 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
