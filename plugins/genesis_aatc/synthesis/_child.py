"""The process that `apart` starts: examples as JSON on standard input, the answer as JSON on standard output.

It is started by its path and knows neither the kernel nor the plugin around it: only this folder, as a package.
"""

from __future__ import annotations

import importlib.util
import json
import math
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

_NAME = "genesis_synthesis"


def _package() -> Any:
    """Import the folder of this file as a package of its own."""
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location(
        _NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not a package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)
    return package


def _limit(memory_mb: int, seconds: float) -> None:
    """Hold this process to its memory and to a little more than its time."""
    size = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    most = math.ceil(seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer one request."""
    asked = json.load(sys.stdin)
    _limit(int(sys.argv[1]), float(asked["seconds"]))
    package = _package()
    examples = [package.Example(tuple(inputs), output) for inputs, output in asked.pop("examples")]
    probes = [tuple(probe) for probe in asked.pop("probes")]
    try:
        answer = package.synthesise(examples, probes=probes, **asked)
    except MemoryError:
        answer = package.NotFound("the search needs more memory than it has", 0, 0.0)
    json.dump({"found": isinstance(answer, package.Found)} | asdict(answer), sys.stdout)


if __name__ == "__main__":
    main()
