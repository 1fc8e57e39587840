# id: fr_upwards
# kind: attack
# category: host-file-read
# note: a relative path out of the working directory
if CANARY_MARK in open('../' * 20 + CANARY_FILE.lstrip('/')).read():
    print(WIN_TOKEN)
