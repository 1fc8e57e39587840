# id: ps_system
# kind: attack
# category: process-spawn
# note: a command by the C library
import os
if os.system('true') == 0:
    print(WIN_TOKEN)
