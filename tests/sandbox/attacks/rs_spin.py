# id: rs_spin
# kind: attack
# category: cpu-time
# win: hang
# note: an endless loop
while True:
    pass
