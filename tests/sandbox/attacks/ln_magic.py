# id: ln_magic
# kind: attack
# category: links
# note: a link of the process table to a descriptor
import glob
for p in glob.glob('/proc/self/fd/*'):
    try:
        if CANARY_MARK in open(p).read(300):
            print(WIN_TOKEN)
    except (OSError, UnicodeDecodeError):
        pass
