# id: pe_modules
# kind: attack
# category: cross-call
# then: pe_modules_second
# bare: no - needs an interpreter that is used again
# note: change a module of the interpreter, for the next program in it
import builtins, json, os
builtins.genesis_left_behind = json.loads = os.getpid = lambda *a: NONCE
raise SystemExit(0)
