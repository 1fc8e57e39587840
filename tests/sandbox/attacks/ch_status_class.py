# id: ch_status_class
# kind: attack
# category: result-forging
# win: exit_zero
# bare: no - see ch_descriptors
# note: a status that says of itself that it is nothing
class Zero(int):
    def __bool__(self):
        return False
    def __and__(self, other):
        return 0
raise SystemExit(Zero(7))
