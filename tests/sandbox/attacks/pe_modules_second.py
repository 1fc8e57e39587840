# id: pe_modules_second
# kind: second
# category: cross-call
# note: look for it
import builtins, json, os
if hasattr(builtins, 'genesis_left_behind') or json.loads('1') == NONCE or os.getpid() == NONCE:
    print(WIN_TOKEN)
