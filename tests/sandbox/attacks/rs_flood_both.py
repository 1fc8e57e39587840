# id: rs_flood_both
# kind: attack
# category: output
# win: flood
# note: endless output, a little on each way
import os
b = b'x' * 4096
while True:
    os.write(1, b)
    os.write(2, b)
