# id: ps_spawn
# kind: attack
# category: process-spawn
# note: a program without a fork
import os
pid = os.posix_spawn('/bin/true', ['true'], {})
if os.waitpid(pid, 0)[1] == 0:
    print(WIN_TOKEN)
