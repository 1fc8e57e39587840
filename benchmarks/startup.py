"""``genesis --help`` and ``genesis runs`` (20 plugins installed) beside an empty click group behind a console script.

usage: startup.py [--repeat N]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _common import show

PLUGINS = 20
SCRIPT = "import sys\nfrom {module} import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
EMPTY = 'import click\n\n\n@click.group()\ndef main():\n    """Nothing."""\n'


def child_cpu(words: list[str], environment: dict[str, str]) -> float:
    """Return the CPU seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def installed(folder: Path) -> None:
    """Lay 20 distributions with a plugin and a command each into *folder*, as an installer leaves them."""
    for number in range(PLUGINS):
        info = folder / f"genesis_plugin_number{number}-1.0.dist-info"
        info.mkdir()
        name = f"genesis-plugin-number{number}"
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[genesis.plugins]\nn{number} = number{number}\n[genesis.commands]\nn{number} = number{number}:c\n")


def scripts(folder: Path) -> dict[str, list[str]]:
    """Write the console scripts and return the commands to compare."""
    (folder / "empty_group.py").write_text(EMPTY)
    (folder / "empty").write_text(SCRIPT.format(module="empty_group"))
    (folder / "genesis").write_text(SCRIPT.format(module="genesis_cli"))
    ours = [sys.executable, str(folder / "genesis")]
    return {"pass": [sys.executable, "-c", "pass"], "empty": [sys.executable, str(folder / "empty"), "--help"],
            "help": [*ours, "--help"], "runs": [*ours, "runs"]}


def main() -> None:
    """Measure in turn, so that a busy machine slows all alike, and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=30)
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        installed(folder)
        path = os.pathsep.join([name, *filter(None, sys.path[1:])])
        environment = {**os.environ, "PYTHONPATH": path, "GENESIS_HOME": str(folder / "home")}
        commands = scripts(folder)
        seen: dict[str, list[float]] = {key: [] for key in commands}
        for _ in range(repeat + 1):
            for key, words in commands.items():
                seen[key].append(child_cpu(words, environment))
    took = {key: statistics.median(values[1:]) for key, values in seen.items()}  # the first one fills the caches
    show("startup", plugins=PLUGINS, repeat=repeat, milliseconds={k: round(v * 1000, 1) for k, v in took.items()},
         help_ratio=round(took["help"] / took["empty"], 3), runs_ratio=round(took["runs"] / took["empty"], 3),
         empty_over_pass=round(took["empty"] / took["pass"], 2), aim={"help_ratio": 1.3, "runs_ratio": 2.0})


if __name__ == "__main__":
    main()
