# id: se_standard_input
# kind: attack
# category: secrets
# bare: no - there is no terminal in a test
# note: what the command can read from its standard input and terminal
import os
for name in ('/dev/stdin', '/dev/tty', '/dev/pts/0'):
    try:
        if os.isatty(os.open(name, os.O_RDWR)):
            print(WIN_TOKEN)
    except OSError:
        pass
