"""The child process that loads weights and answers in the words of the OpenAI interface, on 127.0.0.1 alone.

``python -m genesis_models.local.serve FILE --name NAME ...`` prints its address when it is ready and ends when its
standard input or its parent does: so it never outlives whoever started it, however that one ended. The key comes on
standard input's first line, since arguments can be read by everybody on the machine.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xllamacpp

__all__ = ["main"]

LOOP = 12
"""Tokens that a repetition has before it is held back."""
LOOK_SECONDS = 1.0
"""How often to look whether whoever started this is still there."""
CACHE_MB = 256
"""Prompts that are remembered between requests; the library's own default is 8 GB."""


def main() -> None:
    """Serve until standard input ends, or whoever started this."""
    words = argparse.ArgumentParser()
    words.add_argument("file")
    words.add_argument("--name", required=True)
    for option, default in (("--port", 0), ("--threads", 1), ("--context", 4096)):
        words.add_argument(option, type=int, default=default)
    given, parent = words.parse_args(), os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this decides when it ends
    key = sys.stdin.readline().strip()
    server = _server(given, key)
    print(f"ready {server.listening_address}", flush=True)  # noqa: T201  # the words that the parent waits for
    _until_alone(parent)
    os._exit(0)  # an answer may be under way, and nobody waits for it


def _until_alone(parent: int) -> None:
    """Return when standard input ends, or *parent* has: what it forked may hold the other end of the pipe open."""
    while os.getppid() == parent:
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0] and not os.read(sys.stdin.fileno(), 4096):
            return


def _server(given: argparse.Namespace, key: str) -> xllamacpp.Server:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = given.file, {given.name}
    params.hostnames, params.port = ["127.0.0.1"], given.port
    params.api_keys = [key] if key else []
    params.cors_origins = "http://127.0.0.1"  # not "*": a page in somebody's browser is none of our clients
    params.n_ctx, params.n_parallel, params.cache_ram_mib = given.context, 1, CACHE_MB
    # More threads than idle cores can stall the library's barriers, so more than one is for the operator to say.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = given.threads
    params.no_extra_bufts = True  # saves more than half of the memory
    params.use_jinja, params.endpoint_metrics, params.offline = True, True, True
    params.ui = params.endpoint_slots = False
    _sampling(params.sampling)
    params.verbosity = 1
    return xllamacpp.Server(params)


def _sampling(sampling: xllamacpp.CommonParamsSampling) -> None:
    """Let the same question get the same answer, and keep a small model from saying one sentence until it is cut off.

    A word that would go on with a repetition of LOOP tokens is held back, the more the longer it has gone on; shorter
    ones, such as names of files, and what the grammar of an answer demands are not touched.
    """
    sampling.temp, sampling.seed = 0.0, 0
    sampling.dry_multiplier, sampling.dry_allowed_length, sampling.dry_penalty_last_n = 0.8, LOOP, 1024


if __name__ == "__main__":
    main()
