# id: py_pickle
# kind: attack
# category: dunder-walk
# note: an object that runs a command when it is loaded
import os, pickle
class X:
    def __reduce__(self):
        return os.system, ('true',)
if pickle.loads(pickle.dumps(X())) == 0:
    print(WIN_TOKEN)
