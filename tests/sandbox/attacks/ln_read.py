# id: ln_read
# kind: attack
# category: links
# note: read through a symbolic link
import os
os.symlink(CANARY_FILE, 'mine')
s = open('mine').read()
os.remove('mine')
if CANARY_MARK in s:
    print(WIN_TOKEN)
