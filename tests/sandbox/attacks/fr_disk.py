# id: fr_disk
# kind: attack
# category: host-file-read
# bare: no - needs a disk of this name and the right to read it
# note: the disk itself, or the memory of the kernel
import os
for name in ('vda', 'sda', 'nvme0n1', 'mem', 'kmem'):
    try:
        if len(os.read(os.open('/dev/' + name, os.O_RDONLY), 512)) == 512:
            print(WIN_TOKEN)
    except OSError:
        pass
