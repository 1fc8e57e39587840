# id: rs_descriptors
# kind: attack
# category: files
# note: more open files than are allowed
import os
x = [os.open('/dev/null', os.O_RDONLY) for _ in range(300)]
print(WIN_TOKEN)
