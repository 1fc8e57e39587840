# id: fr_mapped
# kind: attack
# category: host-file-read
# note: through a memory map
import mmap
with open(CANARY_FILE, 'rb') as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as m:
    if CANARY_MARK.encode() in m[:]:
        print(WIN_TOKEN)
