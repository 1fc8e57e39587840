# id: ks_user_namespace
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: a user namespace, and with it rights over more of the kernel
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(272, 0x10000000)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
