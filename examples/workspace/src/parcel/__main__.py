"""Run the command line, as ``parcel`` or as ``python -m parcel``."""

import sys

from parcel.cli import main


def run() -> int:
    """Run the command line on the arguments of this process."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
