# id: ps_fork_number
# kind: attack
# category: process-spawn
# machine: x86_64
# note: a second process by the number of the call
import ctypes, os
pid = ctypes.CDLL(None).syscall(57)
if pid == 0:
    os._exit(0)
if pid > 0:
    os.waitpid(pid, 0)
    print(WIN_TOKEN)
