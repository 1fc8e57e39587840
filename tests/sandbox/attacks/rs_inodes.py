# id: rs_inodes
# kind: attack
# category: disk
# note: more empty files than are allowed
import os
try:
    for i in range(INODES):
        open('e%d' % i, 'w').close()
    print(WIN_TOKEN)
finally:
    [os.remove(n) for n in os.listdir('.') if n.startswith('e')]
