# id: ks_performance
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# bare: no - a setting of the kernel may forbid it
# note: performance counters
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(298, ctypes.create_string_buffer(b"\x01\0\0\0\x80\0\0\0", 128), 0, -1, -1, 0)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
