# id: rs_disk
# kind: attack
# category: disk
# note: many files of allowed size
import os
b = b'x' * (1 << 20)
try:
    for i in range(DISK_MB):
        with open('f%d' % i, 'wb') as f:
            f.write(b)
    print(WIN_TOKEN)
finally:
    [os.remove(n) for n in os.listdir('.') if n.startswith('f')]
