# id: rs_spin_c
# kind: attack
# category: cpu-time
# win: hang
# note: an endless calculation that no signal of Python interrupts
x = 9 ** 9 ** 9
