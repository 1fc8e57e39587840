# id: fr_inherited
# kind: attack
# category: host-file-read
# note: descriptors that the command inherited
import os
for fd in range(3, 1024):
    try:
        if CANARY_MARK.encode() in os.pread(fd, 200, 0):
            print(WIN_TOKEN)
    except OSError:
        pass
