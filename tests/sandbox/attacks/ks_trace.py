# id: ks_trace
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: to be traced, the first step to tracing
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(101, 0, 0, 0, 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
