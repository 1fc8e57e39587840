"""``genesis verify``: is the record of a run complete and untouched?"""

from __future__ import annotations

import click

from ._options import common, run_argument
from ._session import Session

__all__ = ["verify"]


@click.command("verify")
@run_argument()
@common
def verify(session: Session, run: str) -> int:
    """Check the record of RUN: every row and its MAC, the chain, and the digest of every artefact."""
    from ._drive import run_async

    return run_async(_verify(session, run))


async def _verify(session: Session, run: str) -> int:
    genesis = session.open()
    name = genesis.folder(run).name
    session.correlation_id = name
    record = genesis.verify(name)
    artifacts = sum(len(result.artifacts) for result in record.results.values())
    ended = record.ended is not None
    data = {"run_id": name, "rows": record.seq, "artifacts": artifacts, "state": record.state.value, "ended": ended}
    kept = f"{artifacts} artefact{'s' if artifacts != 1 else ''} as recorded"
    text = f"run {name} is as it was written: {record.seq} rows, chained without a gap; {kept}"
    if not ended:
        text += f"\nit has not ended: it is {record.state.value}; go on with: genesis resume {name}"
    return session.answer(data, text)
