"""What a fresh interpreter runs to become a keeper, a zygote or a worker: `python -I -S _boot.py ROLE JOB`."""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Take the role that the command line names; never returns."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.append(here)  # behind the standard library: nothing beside this package can stand in for it
    from genesis_sandbox._job import Job
    from genesis_sandbox._roles import ROLES

    ROLES[sys.argv[1]](Job.from_json(json.loads(sys.argv[2])))


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(126)
