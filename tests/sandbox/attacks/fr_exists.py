# id: fr_exists
# kind: attack
# category: host-file-read
# note: whether a file exists, told by stat
import os
if os.path.exists(CANARY_FILE):
    print(WIN_TOKEN)
