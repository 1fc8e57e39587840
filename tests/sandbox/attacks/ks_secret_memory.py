# id: ks_secret_memory
# kind: attack
# category: kernel-surface
# severity: policy
# bare: no - a setting of the kernel may forbid it
# note: memory that not even the kernel looks at
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(447, 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
