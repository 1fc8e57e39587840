# id: fr_inherited_folder
# kind: attack
# category: host-file-read
# note: a folder that the command inherited, as a way to the files in it
import os
for at in range(3, 1024):
    try:
        fd = os.open('secret.txt', os.O_RDONLY, dir_fd=at)
    except (OSError, ValueError):
        continue
    if CANARY_MARK.encode() in os.read(fd, 200):
        print(WIN_TOKEN)
