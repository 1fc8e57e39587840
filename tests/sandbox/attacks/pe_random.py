# id: pe_random
# kind: attack
# category: cross-call
# win: distinct
# bare: no - a fresh interpreter draws its own
# note: draw numbers that the call before has drawn
import random
print(random.random())
