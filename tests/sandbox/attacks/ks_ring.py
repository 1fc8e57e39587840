# id: ks_ring
# kind: attack
# category: kernel-surface
# severity: policy
# note: rings of requests that a filter does not see
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(425, 4, ctypes.create_string_buffer(120))
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
