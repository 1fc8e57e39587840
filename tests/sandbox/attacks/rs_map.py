# id: rs_map
# kind: attack
# category: memory
# note: the same through memory maps
import mmap
x = []
for i in range(MEM_MB // 16):
    m = mmap.mmap(-1, 16 << 20)
    for at in range(0, 16 << 20, 4096):
        m[at] = 1
    x.append(m)
print(WIN_TOKEN)
