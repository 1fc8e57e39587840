# id: bn_numpy
# kind: benign
# category: benign
# note: numpy, if it is there
try:
    import numpy as np
except ImportError:
    print('BENIGN-SKIP')
    raise SystemExit(0)
a = np.arange(9.).reshape(3, 3) + np.eye(3)
assert np.allclose(a @ np.linalg.inv(a), np.eye(3))
print('BENIGN-OK')
