# id: fw_remove
# kind: attack
# category: host-file-write
# win: host-files
# note: remove a file of the host
import os
os.remove(CANARY_FILE)
