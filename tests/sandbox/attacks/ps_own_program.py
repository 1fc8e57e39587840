# id: ps_own_program
# kind: attack
# category: process-spawn
# note: a program written to the own folder
import os
open('p', 'w').write('#!/bin/sh\necho ' + WIN_TOKEN + '\n')
os.chmod('p', 0o755)
who = os.path.abspath('p')
try:
    print(os.popen(who + '; rm -f ' + who).read())
finally:
    os.path.exists('p') and os.remove('p')
