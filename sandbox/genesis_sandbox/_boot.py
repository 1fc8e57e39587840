"""What a fresh interpreter runs to become a keeper, a zygote or a worker: `python -I -S _boot.py ROLE JOB`."""

from __future__ import annotations

import gc
import os
import sys

ROLES = {"keeper": "_keeper", "worker": "_inner", "zygote": "_zygote"}
"""Role to the module whose `serve` takes it."""


def main() -> None:
    """Take the role that the command line names; never returns."""
    gc.disable()  # nothing that is made from here to the program's start is ever garbage
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.append(here)  # behind the standard library: nothing beside this package can stand in for it
    from genesis_sandbox._job import Job

    module = __import__(f"genesis_sandbox.{ROLES[sys.argv[1]]}", fromlist=["serve"])
    module.serve(Job.unpacked(sys.argv[2]))


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(126)
