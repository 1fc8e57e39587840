# id: fr_c_library
# kind: attack
# category: host-file-read
# note: the same through the C library
import ctypes
c = ctypes.CDLL(None)
fd = c.open(CANARY_FILE.encode(), 0)
b = ctypes.create_string_buffer(200)
if fd >= 0 and c.read(fd, b, 199) > 0 and CANARY_MARK.encode() in b.raw:
    print(WIN_TOKEN)
