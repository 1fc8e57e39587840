# id: bn_status
# kind: benign
# category: benign
# exit: 42
# note: a status of its own
print('BENIGN-OK')
raise SystemExit(42)
