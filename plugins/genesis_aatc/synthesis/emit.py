"""Write an expression as a module of readable Python that carries along the functions it needs."""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from .expressions import Expr, given, walk
from .kinds import annotation
from .operations import OPS

__all__ = ["emit", "reserved"]

_LIBRARY = Path(__file__).with_name("library")
_SIMPLE = re.compile(r"[A-Za-z_][\w.]*(\[[\w.: -]*\])?\Z")
# Operations that are worth a name of their own when their result is used more than once.
_PLAIN = frozenset({"input", "const", "index", "str"})


@lru_cache(maxsize=1)
def _library() -> tuple[dict[str, str], dict[str, str]]:
    """Return the source of every function and table in the library by name, and the imports they use by name."""
    sources: dict[str, str] = {}
    imports: dict[str, str] = {}
    for file in sorted(_LIBRARY.glob("[a-z]*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import):
                imports.update({alias.name: f"import {alias.name}" for alias in node.names})
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                imports.update({alias.name: f"from {node.module} import {alias.name}" for alias in node.names})
            elif isinstance(node, ast.FunctionDef):
                sources[node.name] = re.sub(r"\bAny\b", "object", str(ast.get_source_segment(text, node)))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                sources[node.targets[0].id] = str(ast.get_source_segment(text, node))
    return sources, imports


@lru_cache(maxsize=1)
def reserved() -> frozenset[str]:
    """Return the names that mean something in a module: those built in, imported, or carried along."""
    sources, imports = _library()
    return frozenset({*dir(builtins), *sources, *imports})


def _names(code: str) -> set[str]:
    """Return the names that *code* uses."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def literal(value: Any) -> str:
    """Return Python for a constant."""
    if isinstance(value, Decimal):
        return f'Decimal("{value:f}")'
    if not isinstance(value, str):
        return repr(value)
    if "\\" in value and value.isprintable() and '"' not in value and not value.endswith("\\"):
        return f'r"{value}"'
    shown = repr(value)
    return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown and "\\'" not in shown else shown


class _Body:
    """The lines of one function while they are written."""

    def __init__(self, parameters: Sequence[str], taken: set[str]) -> None:
        self.parameters = parameters
        self.taken = taken
        self.lines: list[str] = []
        self.known: dict[Expr, str] = {}
        self.functions: list[str] = []
        self.often: set[Expr] = set()

    def code(self, expr: Expr) -> str:
        """Return Python for *expr*, with what is used more than once in a variable."""
        if expr in self.known:
            return self.known[expr]
        code = self._plain(expr)
        if expr in self.often:
            return self.name(expr, code)
        return code

    def name(self, expr: Expr, code: str) -> str:
        """Put *code* into a variable and return its name."""
        noun = OPS[expr.op].noun if expr.op in OPS else {"join": "text", "record": "record"}.get(expr.op, "items")
        name = fresh(noun, self.taken)
        self.lines.append(f"{name} = {_bare(code)}")
        self.known[expr] = name
        return name

    def _plain(self, expr: Expr) -> str:
        if expr.op == "input":
            return str(self.parameters[expr.args[0]])
        if expr.op == "const":
            return literal(expr.args[0])
        if expr.op == "join":
            return self._joined(expr)
        if expr.op == "record":
            pairs = zip(expr.args[::2], expr.args[1::2], strict=True)
            return "{" + ", ".join(f"{literal(key)}: {self._argument(value)}" for key, value in pairs) + "}"
        if expr.op in {"each", "keep"}:
            return self._loop(expr)
        if expr.op == "answer":
            return f"_answer({', '.join(self.parameters)})"
        arguments = [self._argument(arg) for arg in expr.args]
        if "f\"" in OPS[expr.op].code or "[" in OPS[expr.op].code:
            arguments = [self.name(arg, code) if isinstance(arg, Expr) and not _SIMPLE.match(code) else code
                         for arg, code in zip(expr.args, arguments, strict=True)]  # fmt: skip
        return OPS[expr.op].code.format(*arguments)

    def _argument(self, value: Any) -> str:
        return self.code(value) if isinstance(value, Expr) else literal(value)

    def _joined(self, expr: Expr) -> str:
        """Return an f-string for texts put together."""
        inner = []
        for part in expr.args:
            if part.op == "const":
                shown = ascii(part.args[0]) if not part.args[0].isprintable() else part.args[0].replace("\\", "\\\\")
                shown = shown[1:-1] if not part.args[0].isprintable() else shown
                inner.append(shown.replace("{", "{{").replace("}", "}}").replace('"', '\\"'))
                continue
            code = self.code(part)
            if code.startswith('f"{') and code.endswith('}"'):
                inner.append(code[2:-1])
            elif code.startswith("str(") and not re.search(r"[\"'\\\\{]", code):
                inner.append("{" + _bare(code[3:]) + "}")
            elif '"' in code or "\\" in code or "'" in code or "{" in code:
                inner.append("{" + self.name(part, code) + "}")
            else:
                inner.append("{" + code + "}")
        return 'f"' + "".join(inner) + '"'

    def _loop(self, expr: Expr) -> str:
        """Return a list made item by item, by a function of its own."""
        items, each = expr.args
        name = fresh("_item", self.taken)
        self.functions.append(_function(name, ("item",), ("object",), "object", each, self, doc="Do it for one item."))
        rows = self.code(items)
        if expr.op == "each":
            return f"[{name}(item) for item in {rows}]"
        return f"[item for item in {rows} if {name}(item)]"


def _bare(code: str) -> str:
    """Return *code* without the parentheses around all of it."""
    depth = 0
    for at, char in enumerate(code):
        depth += (char == "(") - (char == ")")
        if depth == 0 and at < len(code) - 1:
            return code
    return code[1:-1] if code.startswith("(") and not re.search(r"[\"']", code) else code


def fresh(noun: str, taken: set[str]) -> str:
    """Return *noun*, with a number behind it when it is taken; take it."""
    name, number = noun, 2
    while name in taken:
        name, number = f"{noun}_{number}", number + 1
    taken.add(name)
    return name


def _repeated(expr: Expr) -> set[Expr]:
    """Return the expressions in *expr* that stand in more than one place."""
    seen: dict[Expr, int] = {}
    for part in walk(expr):
        if part.op not in _PLAIN:
            seen[part] = seen.get(part, 0) + 1
    return {part for part, times in seen.items() if times > 1}


def _lines(expr: Expr, body: _Body) -> list[str]:
    """Return the statements of a function that returns *expr*."""
    if expr.op != "branch":
        body.lines, body.known, body.often = [], {}, _repeated(expr)
        code = body.code(expr)
        return [*body.lines, f"return {_bare(code)}"]
    lines: list[str] = []
    *cases, last = expr.args
    for test, case in cases:
        body.lines, body.known, body.often = [], {}, set()
        condition = _bare(body.code(test))
        lines += [*body.lines, f"if {condition}:", *(f"    {line}" for line in _lines(case, body))]
    return [*lines, *_lines(last, body)]


def _function(
    name: str, parameters: Sequence[str], kinds: Sequence[str], result: str, expr: Expr, outer: _Body | None, doc: str
) -> str:
    """Return the text of one function."""
    body = _Body(parameters, set(parameters) | (outer.taken if outer else {name}))
    lines = _lines(expr, body)
    if outer is not None:
        outer.functions.extend(body.functions)
    signature = ", ".join(f"{one}: {kind}" for one, kind in zip(parameters, kinds, strict=True))
    text = "\n    ".join([f"def {name}({signature}) -> {result}:", _docstring(doc), *lines])
    return "\n\n\n".join([*(body.functions if outer is None else ()), text])


def _docstring(text: str) -> str:
    r"""Return *text* as a docstring; what stands in it can't end it."""
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    ended = safe + " " if safe.endswith('"') else safe
    return f'"""{ended}"""'


def _shown_examples(name: str, examples: Sequence[tuple[tuple[Any, ...], Any]]) -> list[str]:
    """Return the examples as a reader would type them, those that are not too long."""
    lines = []
    for inputs, output in examples[:5]:
        call, result = f">>> {name}({', '.join(map(repr, inputs))})", repr(output)
        if len(call) <= 200 and len(result) <= 200:
            lines += [call, result]
    return lines


def emit(
    expr: Expr, name: str, parameters: Sequence[str], examples: Sequence[tuple[tuple[Any, ...], Any]], says: str
) -> str:
    """Return the text of a module with one public function *name* that does what *expr* does."""
    shown = _shown_examples(name, examples)
    kinds = [annotation([inputs[at] for inputs, _ in examples]) for at in range(len(parameters))]
    result = annotation([output for _, output in examples])
    wrapped = "\n    ".join(textwrap.wrap(says, 105, break_long_words=False))
    doc = "\n".join([wrapped, *([""] if shown else []), *(f"    {line}" for line in shown), "    "])
    safe = [f"{one}_given" if one in reserved() else one for one in parameters]
    if safe == list(parameters):
        main = _function(name, parameters, kinds, result, expr, None, doc)
    else:  # a parameter that is called as a function is, such as "sum", would hide that function
        inner = _function("_answer", safe, kinds, result, expr, None, says)
        call = Expr("answer", tuple(given(at) for at in range(len(parameters))), 0.0)
        main = inner + "\n\n\n" + _function(name, parameters, kinds, result, call, None, doc)
    sources, imports = _library()
    needed: set[str] = set()
    waiting = _names(main)
    while waiting:
        one = waiting.pop()
        if one in sources and one not in needed:
            needed.add(one)
            waiting |= _names(sources[one])
    carried = [source for one, source in sources.items() if one in needed]
    used = set().union(_names(main), *(_names(source) for source in carried))
    return _module(main, carried, [imports[one] for one in sorted(used & set(imports))], imports)


def _module(main: str, carried: Sequence[str], used: Sequence[str], imports: Mapping[str, str]) -> str:
    """Return the parts of a module in their order: imports, tables, functions, the function."""
    whole = sorted({line for line in used if line.startswith("import")})
    named: dict[str, list[str]] = {}
    for line in sorted(set(used) - set(whole)):
        _, module, _, one = line.split()
        named.setdefault(module, []).append(one)
    head = [*whole, *(f"from {module} import {', '.join(names)}" for module, names in named.items())]
    tables = [text for text in carried if not text.startswith("def ")]
    functions = [text for text in carried if text.startswith("def ")]
    blocks = ["\n".join(head), "\n".join(tables)]
    top = "\n\n".join(block for block in blocks if block)
    return "\n\n\n".join(part for part in [top, *functions, main] if part) + "\n"
