"""Layer 4: what a linter for security says, whether it uses what it asked for, and where it may run for long."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from genesis_aatc.candidate import Candidate

from ._refused import Refused

NAME = "analysis"

MAX_LINES_AS_IS = 2_000
MAX_BRANCHES = 40
FATAL = ("medium", "high")


def check(candidate: Candidate) -> Iterable[str]:
    """Refuse what bandit holds to be of medium severity or above, and what is used without being asked for."""
    undeclared, notes = _uses(candidate)
    scanned, hints = _scanned(candidate)
    Refused.when([*undeclared, *scanned])
    return [*notes, *hints, *_hints(candidate.tree)]


def _uses(candidate: Candidate) -> tuple[list[str], list[str]]:
    """Return what it uses and did not ask for, and what it asked for and shows no use of."""
    tree, manifest = candidate.tree, candidate.manifest
    imported = {name.split(".")[0] for name in _imports(tree)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    foreign = sorted(imported - sys.stdlib_module_names - set(manifest.modules))
    undeclared = [f"it imports {name[:80]}, which is not among the modules that it asks for" for name in foreign]
    reads, looks = bool(used & {"open"} or imported & {"pathlib"}), "os" in imported
    for word, asked, uses in (("read", manifest.read, reads), ("env", manifest.env, looks)):
        if uses and not asked:
            undeclared.append(f"it uses {word}, and does not ask for it")
    notes = [f"it asks for the module {name} and does not import it" for name in manifest.modules
             if name not in imported]  # fmt: skip
    if manifest.read and not reads:
        notes.append("it asks to read files and opens none by itself")
    if manifest.env and not looks:
        notes.append("it asks for variables and reads none by itself")
    return undeclared, notes


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def _scanned(candidate: Candidate) -> tuple[list[str], list[str]]:
    """Return what bandit finds that refuses, and what else it finds."""
    from ._bandit import scan

    try:
        text = ast.unparse(candidate.tree) + "\n"  # an expression a line: bandit is quadratic in lines of literals
    except ValueError:
        text = candidate.proposal.code  # a formatted text that Python itself can't write down again
        if text.count("\n") > MAX_LINES_AS_IS:
            return [f"it has more than {MAX_LINES_AS_IS} lines"], []
    issues, problem = scan(text, candidate.manifest.read)
    if problem:
        return [f"it could not be scanned: {problem}"], []
    fatal = [f"{test}: {words}" for test, severity, words in issues if severity in FATAL]
    return fatal, [f"{test} ({severity}): {words}" for test, severity, words in issues if severity not in FATAL]


# ---- hints -------------------------------------------------------------------------------------------------------


def _hints(tree: ast.Module) -> Iterator[str]:
    """Yield where it may run for long: for a reader, the limits hold all the same."""
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and not _ends(node):
            yield f"line {node.lineno}: a loop without an end of its own"
        elif isinstance(node, ast.FunctionDef):
            yield from _function_hints(node)


def _function_hints(node: ast.FunctionDef) -> Iterator[str]:
    branches = sum(isinstance(inner, ast.If | ast.For | ast.While | ast.IfExp | ast.ExceptHandler | ast.match_case)
                   for inner in ast.walk(node))  # fmt: skip
    if branches > MAX_BRANCHES:
        yield f"line {node.lineno}: {node.name[:80]} has {branches} branches"
    called = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    if any(isinstance(function, ast.Name) and function.id == node.name for function in called):
        yield f"line {node.lineno}: {node.name[:80]} calls itself"


def _ends(loop: ast.While) -> bool:
    return any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in ast.walk(loop))
