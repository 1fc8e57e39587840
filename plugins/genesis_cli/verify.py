"""``genesis verify``: is the record of a run complete and untouched?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ._options import common, run_argument
from ._session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genesis_core import JournalError, KeyRing

__all__ = ["verify"]


@click.command("verify")
@run_argument()
@common
def verify(session: Session, run: str) -> int:
    """Check the record of RUN: every row and its MAC, the chain, the digest of every artefact and recorded answer."""
    from genesis_core import JournalError

    genesis = session.records()
    name = genesis.folder(run).name
    session.correlation_id = name
    if session.state().driven(name):
        raise _running(name)
    try:
        record = genesis.verify(name)
    except JournalError as error:
        if "genesis verify" in error.hint:
            error.hint = f"restore runs/{name} from a copy; genesis run --again starts anew"
        raise
    artifacts = sum(len(result.artifacts) for result in record.results.values())
    ended = record.ended is not None
    data = {"run_id": name, "rows": record.seq, "artifacts": artifacts, "state": record.state.value, "ended": ended}
    kept = f"{artifacts} artefact{'s' if artifacts != 1 else ''} as recorded"
    if record.recorded:
        data["kept"] = len(record.kept)
        kept += f", {len(record.kept)} recorded answer{'s' if len(record.kept) != 1 else ''}"
    keys = _keys(genesis.keys(), record.keys)
    if keys:
        data["keys"] = keys
    text = f"run {name} is as it was written: {record.seq:,} rows, chained without a gap; {kept}"
    if len(keys) > 1 or "retired" in keys.values():
        text += f"\nsigned under: {', '.join(f'{key} ({state})' for key, state in keys.items())}"
    if not ended:
        text += f"\nit has not ended: it is {record.state.value}; go on with: genesis resume {name}"
    return session.answer(data, text)


def _keys(ring: KeyRing, named: Mapping[str, int]) -> dict[str, str]:
    """Return the keys that signed a run and what they may still do, where the ring's keys have ids."""
    from genesis_core import KeyStore

    states = {key.id: key.state.value for key in ring.infos()} if isinstance(ring, KeyStore) else {}
    return {key: states[key] for key in named if key in states}


def _running(name: str) -> JournalError:
    from genesis_core import JournalError

    return JournalError(f"run {name} can't be verified now: it is running", cause="its record is still being written",
                        hint=f"wait for its end, or stop it: genesis runs cancel {name}")
