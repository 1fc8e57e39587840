# id: fw_create
# kind: attack
# category: host-file-write
# win: host-files
# note: a new file in a folder that everybody may write to
open(CANARY_DIR + '/new.txt', 'w').write('x')
