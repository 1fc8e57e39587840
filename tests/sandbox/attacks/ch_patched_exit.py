# id: ch_patched_exit
# kind: attack
# category: result-forging
# win: exit_zero
# bare: no - see ch_descriptors
# note: put another way out in the place of the real one
import os, sys
real = os._exit
os._exit = lambda code: real(0)
sys.exit = lambda code=0: real(0)
raise RuntimeError("failed")
