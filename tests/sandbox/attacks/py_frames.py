# id: py_frames
# kind: attack
# category: dunder-walk
# note: the frames below the program
import sys
f = sys._getframe()
found = []
while f:
    found += [v for v in [*f.f_globals.values(), *f.f_locals.values()] if isinstance(v, str) and v != CANARY_MARK]
    f = f.f_back
import os
found += os.environ.values()
if any(CANARY_MARK in v for v in found):
    print(WIN_TOKEN)
