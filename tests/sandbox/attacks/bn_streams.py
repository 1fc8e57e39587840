# id: bn_streams
# kind: benign
# category: benign
# note: a stream of its own, and something to do at the end
import atexit, io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8')
atexit.register(print, 'BENIGN-OK')
assert sys.stdin.read() == ''
