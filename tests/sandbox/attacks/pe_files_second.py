# id: pe_files_second
# kind: second
# category: cross-call
# note: look for it
import os
for place in ('.', '/tmp', '/var/tmp', '/dev/shm', '/scratch', os.environ.get('HOME', '.')):
    path = place + '/genesis-left-behind'
    try:
        if open(path).read() == NONCE:
            print(WIN_TOKEN)
        os.remove(path)
    except OSError:
        pass
