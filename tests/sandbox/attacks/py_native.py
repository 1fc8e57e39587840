# id: py_native
# kind: attack
# category: dunder-walk
# severity: policy
# note: a shared library written to the own folder and loaded
import ctypes, os, sys
source = next(p for p in __import__('glob').glob('/usr/lib/*/libz.so*') + __import__('glob').glob('/lib/*/libz.so*'))
open('own.so', 'wb').write(open(source, 'rb').read())
try:
    ctypes.CDLL(os.path.abspath('own.so'))
    print(WIN_TOKEN)
finally:
    os.remove('own.so')
