"""Parse a source in a process of its own, and say how large it is: ``python -I -S _parse.py`` with it on stdin.

Nesting can exhaust the stack of a parser. Here only this process would end, and what started it sees that.
Compiling runs nothing; it finds what parsing leaves, such as a ``return`` outside a function.
"""

from __future__ import annotations

import ast
import sys
import warnings

MAX_BYTES = 65_536
MAX_NODES = 20_000
MAX_DEPTH = 100
MAX_LITERAL = 65_536
MAX_DIGITS = 4_300
CPU_SECONDS, MEMORY = 5, 768 << 20
BITS_A_DIGIT = 3.3219


def problem(source: bytes) -> str:
    """Return why *source* is no program that is looked at; empty: it is one."""
    warnings.simplefilter("error")  # an escape that is none, or "is" with a literal: the interpreter would complain
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"line {error.lineno or 0}: {error.msg}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"it can't be parsed: {type(error).__name__}"
    if found := size_problem(tree):
        return found
    try:
        compile(source, "tool.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno or 0}: {error.msg}"
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"it can't be compiled: {type(error).__name__}"
    return ""


def size_problem(tree: ast.AST) -> str:
    """Return which bound a tree breaks; empty: none."""
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES:
            return f"it has more than {MAX_NODES} parts; split it, or hand the data over as an argument"
        if depth > MAX_DEPTH:
            return f"it is nested deeper than {MAX_DEPTH} levels"
        for node in level:
            if isinstance(node, ast.Constant) and (found := _literal_problem(node.value)):
                return f"line {node.lineno}: {found}"
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return ""


def _literal_problem(value: object) -> str:
    if isinstance(value, str | bytes) and len(value) > MAX_LITERAL:
        return f"a literal is longer than {MAX_LITERAL}"
    if isinstance(value, int) and value.bit_length() > MAX_DIGITS * BITS_A_DIGIT:
        return f"a number has more than {MAX_DIGITS} digits"
    return ""


def main() -> None:
    """Answer for the source on stdin, within limits of our own: nothing printed but the answer."""
    import resource

    for kind, most in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0),
                       (resource.RLIMIT_FSIZE, 0)):  # fmt: skip
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    said = problem(sys.stdin.buffer.read(MAX_BYTES + 1))
    sys.stdout.buffer.write((said or "ok").encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
