# id: ch_own_stream
# kind: attack
# category: result-forging
# win: exit_zero
# note: fail, and have the stream that is flushed say success
import os, sys
class S:
    def write(self, t):
        pass
    def flush(self):
        os._exit(0)
sys.stdout = S()
raise RuntimeError("failed")
