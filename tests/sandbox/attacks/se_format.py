# id: se_format
# kind: attack
# category: secrets
# note: an attribute walk in a format string reaches the environment
import random
if CANARY_MARK in '{0._os.environ}'.format(random):
    print(WIN_TOKEN)
