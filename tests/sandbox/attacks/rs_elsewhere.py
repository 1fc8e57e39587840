# id: rs_elsewhere
# kind: attack
# category: disk
# note: files in other folders for passing things
import os
for place in ('/dev/shm', '/var/tmp', '/run', '/run/lock'):
    try:
        with open(place + '/genesis-test', 'w') as f:
            f.write('x')
        os.remove(f.name)
        print(WIN_TOKEN)
    except OSError:
        pass
