# id: ks_bpf
# kind: attack
# category: kernel-surface
# severity: policy
# machine: x86_64
# bare: root - needs its rights
# note: programs in the kernel
import ctypes
r = ctypes.CDLL(None, use_errno=True).syscall(321, 0, ctypes.create_string_buffer(b"\x02\0\0\0\x04\0\0\0\x04\0\0\0\x04\0\0\0", 72), 72)
print('r', r, ctypes.get_errno())
if r >= 0:
    print(WIN_TOKEN)
