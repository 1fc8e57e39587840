# id: fw_append
# kind: attack
# category: host-file-write
# win: host-files
# note: append to a file of the host
open(CANARY_FILE, 'a').write('x')
