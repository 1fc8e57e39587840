# id: pe_memory
# kind: attack
# category: cross-call
# then: pe_memory_second
# note: leave a word in memory that outlives a process
import ctypes
c = ctypes.CDLL(None)
c.shmat.restype = ctypes.c_void_p
i = c.shmget(0x47454e, 4096, 0o1666)
if i >= 0:
    ctypes.memmove(c.shmat(i, None, 0), NONCE.encode(), len(NONCE))
