# id: ks_handle
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# bare: no - the handle is made up
# note: a file by its handle, past every path
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(304, -100, ctypes.create_string_buffer(32), 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
