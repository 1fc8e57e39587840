# id: rs_ignore_memory
# kind: attack
# category: memory
# note: go on asking after memory was refused
x = []
while len(x) < MEM_MB:
    try:
        x.append(bytearray(b'x') * (1 << 20))
    except MemoryError:
        break
else:
    print(WIN_TOKEN)
