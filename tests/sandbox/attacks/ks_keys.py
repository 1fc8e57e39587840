# id: ks_keys
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: a key in a key ring of the kernel
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(248, b"user", b"genesis-test", b"x", 1, -2)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
