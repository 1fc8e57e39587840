# id: rs_flood_errors
# kind: attack
# category: output
# win: flood
# note: endless errors
import sys
while True:
    sys.stderr.write('x' * 65536)
