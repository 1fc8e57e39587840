# id: fw_truncate
# kind: attack
# category: host-file-write
# win: host-files
# note: cut a file of the host
import os
os.truncate(CANARY_FILE, 0)
