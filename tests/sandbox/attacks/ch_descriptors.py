# id: ch_descriptors
# kind: attack
# category: result-forging
# win: exit_zero
# bare: no - it fails in the open, too: what is shown is that it still does
# note: claim success on every descriptor, then fail
import json, os
m = json.dumps({'v': 1, 'result': 'FORGED', 'ok': True, 'status': 0}).encode()
for f in range(1, 128):
    if f != 2:
        try:
            os.write(f, len(m).to_bytes(4, 'big') + m)
            os.write(f, b'ended 0 0.0 0 -\n')
        except OSError:
            pass
raise SystemExit(7)
