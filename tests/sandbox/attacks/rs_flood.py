# id: rs_flood
# kind: attack
# category: output
# win: flood
# note: endless output
import os
b = b'x' * 65536
while True:
    os.write(1, b)
