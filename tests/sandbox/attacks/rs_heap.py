# id: rs_heap
# kind: attack
# category: memory
# note: touch more heap than is allowed
x = []
for i in range(MEM_MB // 16):
    x.append(bytearray(b'x') * (16 << 20))
print(WIN_TOKEN)
