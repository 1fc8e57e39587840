# id: ps_become
# kind: attack
# category: process-spawn
# note: become another program
import os
os.execv('/bin/echo', ['echo', WIN_TOKEN])
