# id: ch_killed
# kind: attack
# category: result-forging
# win: exit_zero
# bare: no - see ch_descriptors
# note: be killed and look well
import ctypes
print("all is well", flush=True)
ctypes.string_at(0)
