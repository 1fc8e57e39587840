# id: fw_rename
# kind: attack
# category: host-file-write
# win: host-files
# note: rename a file of the host
import os
os.rename(CANARY_FILE, CANARY_DIR + '/other.txt')
