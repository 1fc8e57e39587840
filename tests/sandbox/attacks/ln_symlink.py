# id: ln_symlink
# kind: attack
# category: links
# win: host-files
# note: write through a symbolic link to a folder
import os
os.symlink(CANARY_DIR, 'out')
open('out/x.txt', 'w').write('x')
