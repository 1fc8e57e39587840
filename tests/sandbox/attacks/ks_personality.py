# id: ks_personality
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# note: another personality, without a random layout of memory
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(135, 0x0040000)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
