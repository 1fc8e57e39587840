# id: bn_output
# kind: benign
# category: benign
# note: a megabyte of output
import sys
sys.stdout.write('BENIGN-OK\n' + 'x' * (1 << 20))
