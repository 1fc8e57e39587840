"""``python -m genesis_sandbox FILE``: run one program with nothing granted, and end as it ended.

Its output and errors come out here; its exit status is passed on; 125 a limit, 126 refused, 128 + n killed by signal n;
130 is Ctrl-C, too.
"""

import gc
import os
import sys
import time

STARTED = time.monotonic()
gc.disable()  # nothing that is made from here to the program's start is ever garbage
if sys.path and sys.path[0] in ("", os.getcwd()) and not __file__.startswith(sys.path[0] + "/"):
    del sys.path[0]  # `python -m` looks in the current folder first: nothing there is imported outside the sandbox

from genesis_sandbox._command import INTERRUPTED, STOPPED, main  # noqa: E402

if __name__ == "__main__":
    try:
        status = main(sys.argv[1:], STARTED)
    except KeyboardInterrupt:  # the program has been ended on the way here
        sys.stderr.write(STOPPED)
        status = INTERRUPTED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # nothing is left to clean up, and an interpreter's own way out takes as long as the jail
