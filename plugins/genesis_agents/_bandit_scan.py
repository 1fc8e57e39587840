"""Run bandit's checks over Python files: no configuration of the workspace is read, nothing printed, nothing written.

Importing this module imports bandit, which takes half a second: import it where it is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bandit.core import config, extension_loader, manager, node_visitor

MAX_CONSTANTS = 200


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue that bandit found, in its own words."""

    file: str
    test_id: str
    test_name: str
    severity: str
    text: str
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What bandit found in some files."""

    issues: tuple[Issue, ...] = ()
    hidden: int = 0
    """Findings that a ``# nosec`` in the code silences."""
    passed_over: int = 0
    """Constants in long literals that it did not look at."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Files that it could not scan, and why in its own words."""


def scan(files: Iterable[str]) -> Scan:
    """Return what bandit finds in Python files, in their order; a file is read at the path that its name says."""
    paths = {name if name.startswith("/") else f"./{name}": name for name in files}
    run = _Manager(config.BanditConfig(), "file")
    run.files_list = list(paths)
    run.run_tests()
    totals = run.metrics.data["_totals"]
    return Scan(
        issues=tuple(_issue(found, paths) for found in run.results),
        hidden=int(totals["nosec"]) + int(totals["skipped_tests"]),
        passed_over=run.passed_over,
        skipped=tuple((paths[name], str(why)) for name, why in run.get_skipped()),
    )


def _issue(found: Any, paths: dict[str, str]) -> Issue:
    lines = found.linerange or [found.lineno]
    # What a list of doubtful calls and imports says is more than "blacklist", the name of the check that reads it.
    listed = extension_loader.MANAGER.blacklist_by_id.get(found.test_id, {}).get("name", found.test)
    return Issue(
        file=paths[found.fname], test_id=found.test_id, test_name=listed, severity=found.severity.lower(),
        text=found.text, line=found.lineno, last_line=max(found.lineno, lines[-1]),
    )


class _Manager(manager.BanditManager):  # type: ignore[misc]  # bandit ships no types
    """bandit's manager with a visitor that stays linear."""

    passed_over = 0

    def _execute_ast_visitor(self, fname: str, fdata: Any, data: bytes, nosec_lines: dict[int, Any]) -> Any:
        visitor = _Visitor(fname, fdata, self.b_ma, self.b_ts, self.debug, nosec_lines, self.metrics)
        score = visitor.process(data)
        self.results.extend(visitor.tester.results)
        self.passed_over += visitor.passed_over
        return score


class _Visitor(node_visitor.BanditNodeVisitor):  # type: ignore[misc]  # bandit ships no types
    """bandit's visitor, except that it sees only the first constants of a long literal.

    For each string bandit goes through all lines and keys of the literal round it: a table of 10,000 words on as many
    lines would take minutes. Calls, names and whatever else does something is looked at however long the literal is.
    """

    passed_over = 0

    def generic_visit(self, node: ast.AST) -> None:
        self.passed_over += _shorten(node)
        super().generic_visit(node)


def _shorten(node: ast.AST) -> int:
    """Take the constants beyond the first MAX_CONSTANTS out of a node, and return how many."""
    if isinstance(node, ast.Dict):
        kept = _kept(list(zip(node.keys, node.values, strict=True)))
        cut = len(node.keys) - len(kept)
        if cut:
            node.keys, node.values = [key for key, _ in kept], [value for _, value in kept]
        return cut
    cut = 0
    for name in ("elts", "args", "values"):
        children = getattr(node, name, None)
        if isinstance(children, list) and len(children) > MAX_CONSTANTS:
            rows = _kept([(child,) for child in children])
            cut += len(children) - len(rows)
            setattr(node, name, [child for (child,) in rows])
    return cut


def _kept(rows: Sequence[tuple[ast.AST | None, ...]]) -> Sequence[tuple[Any, ...]]:
    plain = 0
    kept: list[tuple[Any, ...]] = []
    for row in rows:
        if all(child is None or isinstance(child, ast.Constant) for child in row):
            plain += 1
            if plain > MAX_CONSTANTS:
                continue
        kept.append(row)
    return kept
