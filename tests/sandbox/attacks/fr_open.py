# id: fr_open
# kind: attack
# category: host-file-read
# note: plain open of the secret
if CANARY_MARK in open(CANARY_FILE).read():
    print(WIN_TOKEN)
