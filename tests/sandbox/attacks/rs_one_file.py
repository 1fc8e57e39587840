# id: rs_one_file
# kind: attack
# category: disk
# note: one file larger than is allowed
import os
try:
    with open('big', 'wb') as f:
        for i in range(DISK_MB):
            f.write(b'x' * (1 << 20))
    print(WIN_TOKEN)
finally:
    os.path.exists('big') and os.remove('big')
