# id: py_loader
# kind: attack
# category: dunder-walk
# note: the loader of modules reads files
if CANARY_MARK.encode() in __import__('importlib.machinery', fromlist=['x']).SourceFileLoader('x', CANARY_FILE).get_data(CANARY_FILE):
    print(WIN_TOKEN)
