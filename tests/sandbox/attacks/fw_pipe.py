# id: fw_pipe
# kind: attack
# category: host-file-write
# win: host-files
# note: a named pipe in a folder of the host
import os
os.mkfifo(CANARY_DIR + '/pipe')
