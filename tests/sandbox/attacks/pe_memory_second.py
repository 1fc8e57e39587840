# id: pe_memory_second
# kind: second
# category: cross-call
# note: look for it
import ctypes
c = ctypes.CDLL(None)
c.shmat.restype = ctypes.c_void_p
i = c.shmget(0x47454e, 4096, 0)
if i >= 0:
    if ctypes.string_at(c.shmat(i, None, 0), len(NONCE)) == NONCE.encode():
        print(WIN_TOKEN)
    c.shmctl(i, 0, None)
