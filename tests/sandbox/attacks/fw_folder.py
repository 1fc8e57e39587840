# id: fw_folder
# kind: attack
# category: host-file-write
# win: host-files
# note: make a folder on the host
import os
os.mkdir(CANARY_DIR + '/d')
