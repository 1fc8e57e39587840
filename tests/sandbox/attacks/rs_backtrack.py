# id: rs_backtrack
# kind: attack
# category: cpu-time
# win: hang
# note: a pattern that takes for ever
import re
re.match(r'(a+)+$', 'a' * 64 + 'b')
