# id: ks_mount
# kind: attack
# category: kernel-surface
# severity: policy
# note: mount something over the own folder
import ctypes, os
c = ctypes.CDLL(None)
if c.unshare(0x10020000) == 0 or c.mount(b'x', os.getcwd().encode(), b'tmpfs', 0, None) == 0:
    print(WIN_TOKEN)
