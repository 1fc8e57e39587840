"""Layer 3: only the part of Python that computing takes; no way to text that becomes code, or to what others hold."""

from __future__ import annotations

import ast
import builtins
import string
from collections.abc import Iterable, Iterator
from functools import partial

from genesis_aatc.candidate import Candidate

from . import _allowed
from ._refused import Refused
from ._scope import Scope
from .source import names

NAME = "syntax"

GIVEN_BY_READ = frozenset({"pathlib"})
GIVEN_BY_ENV = frozenset({"os"})


def check(candidate: Candidate) -> Iterable[str]:
    """Refuse every kind of node, name, attribute, import or statement that is not on the lists."""
    tree, manifest = candidate.tree, candidate.manifest
    modules = _allowed.MODULES | (GIVEN_BY_READ if manifest.read else set()) | (GIVEN_BY_ENV if manifest.env else set())
    scope = Scope(tree, modules, frozenset(manifest.modules))
    opens = frozenset({"open"}) if manifest.read else frozenset()
    findings = [*_module_level(tree, candidate.spec.name, scope), *scope.import_problems(),
                *_names(tree, scope, opens), *_nodes(tree, scope)]  # fmt: skip
    Refused.when([text for _, text in sorted(findings, key=lambda finding: finding[0])])
    return ()


Finding = tuple[int, str]


def _at(node: ast.AST, text: str) -> Finding:
    line = getattr(node, "lineno", 0)
    return line, f"line {line}: {text}"


# ---- the module --------------------------------------------------------------------------------------------------


def _module_level(tree: ast.Module, name: str, scope: Scope) -> Iterator[Finding]:
    """Yield what a module of one function, its helpers and constants does not hold."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    if [function.name for function in functions] != [name]:
        found = ", ".join(function.name for function in functions) or "none"
        yield 0, f"it has to have one public function, {name}; it has {found[:120]} (helpers begin with _)"
    for number, node in enumerate(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            yield from _constant(node, scope)
        elif number or not _is_text(node):
            yield _at(node, "only imports, constants, functions and dataclasses stand outside a function")


def _constant(node: ast.Assign | ast.AnnAssign, scope: Scope) -> Iterator[Finding]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not all(isinstance(target, ast.Name) for target in targets):
        yield _at(node, "outside a function only a name is given a value")
    for part in [node.value, *([node.annotation] if isinstance(node, ast.AnnAssign) else [])]:
        if part is not None:
            yield from _only_constant(part, scope)


def _only_constant(value: ast.expr, scope: Scope) -> Iterator[Finding]:
    """Yield what would do something when it is evaluated: it stands where a module is read, or a function made."""
    for node in ast.walk(value):
        made = isinstance(node, ast.Call) and scope.dotted(node.func) in _allowed.CONSTANT_CALLS
        if isinstance(node, ast.Call | ast.Lambda | ast.NamedExpr | ast.Yield | ast.YieldFrom) and not made:
            yield _at(node, "outside a function, and in its head, only constants are made; this belongs into a body")


# ---- names -------------------------------------------------------------------------------------------------------


def _names(tree: ast.Module, scope: Scope, opens: frozenset[str]) -> Iterator[Finding]:
    known = _allowed.BUILTINS | opens
    checked = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _allowed_call(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not (isinstance(node.ctx, ast.Load) and id(node) in checked):
            yield from _name(node, scope, known)
    for name in sorted(scope.bound):
        if kept(name):
            yield 0, f"{name} is a built-in and keeps its meaning"
    for name in sorted(set(names(tree))):
        if name.startswith("__") and name not in _allowed.DUNDERS | _allowed.METHODS | {"__future__"}:
            yield 0, f"{name[:80]} is not for tools: a name with two underscores reaches inside of things"


def _name(node: ast.Name, scope: Scope, known: frozenset[str]) -> Iterator[Finding]:
    if node.id.startswith("__"):
        return  # said once for all names
    if not isinstance(node.ctx, ast.Load):
        return
    if node.id in scope.bound:
        if node.id in scope.modules and id(node) not in scope.bases:
            yield _at(node, f"the module {node.id} is used as a value; use what it holds by name")
    elif not hasattr(builtins, node.id):
        yield _at(node, f"{node.id[:80]} is not defined")
    elif node.id not in known:
        yield _at(node, f"{node.id} is not for tools")


def kept(name: str) -> bool:
    """Tell whether a built-in may not be given another meaning: where one is bound, its uses are not looked at."""
    return hasattr(builtins, name) and name not in _allowed.BUILTINS | _allowed.SOFT


def _allowed_call(call: ast.Call) -> bool:
    """Tell whether a call uses a guarded built-in in the one way that is plain to read."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "type":
        return len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred)
    if name not in ("getattr", "hasattr"):
        return False
    attribute = call.args[1] if len(call.args) > 1 else None
    return isinstance(attribute, ast.Constant) and isinstance(attribute.value, str) and not call.keywords \
        and attribute.value.isidentifier() and not _attribute_problem(attribute.value)  # fmt: skip


# ---- nodes -------------------------------------------------------------------------------------------------------


def _nodes(tree: ast.Module, scope: Scope) -> Iterator[Finding]:
    checks = {
        ast.Attribute: partial(_attribute, scope=scope), ast.FunctionDef: partial(_function, scope=scope),
        ast.ClassDef: partial(_class, scope=scope), ast.MatchClass: _class_pattern, ast.ExceptHandler: _handler,
    }  # fmt: skip
    formats = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _plain_format(node.func)}
    for node in ast.walk(tree):
        kind = type(node)
        if kind not in _allowed.NODES and not isinstance(node, ast.operator | ast.unaryop | ast.boolop | ast.cmpop
                                                         | ast.expr_context):  # fmt: skip
            yield _at(node, f"{kind.__name__} is not for tools")
        check = checks.get(kind)
        if check is not None:
            yield from check(node)  # type: ignore[operator]  # each for its own kind of node
        if isinstance(node, ast.Attribute) and node.attr == "format" and id(node) not in formats:
            yield _at(node, "format is called only on a text that stands there, with fields that are plain names")


def _attribute(node: ast.Attribute, scope: Scope) -> Iterator[Finding]:
    if problem := _attribute_problem(node.attr):
        yield _at(node, problem)
    elif node.attr.startswith("_") and node.attr not in _allowed.PRIVATE | _allowed.DUNDERS | _allowed.METHODS \
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
        yield _at(node, f"{node.attr[:80]} belongs to somebody else: it begins with an underscore")
    elif isinstance(node.value, ast.Name | ast.Attribute) and (problem := scope.member_problem(node)):
        yield _at(node, problem)


def _attribute_problem(name: str) -> str:
    if name in _allowed.ATTRIBUTES:
        return f"the attribute {name} is not for tools"
    if name.startswith("__") and name not in _allowed.DUNDERS | _allowed.METHODS:
        return f"{name[:80]} is not for tools: a name with two underscores reaches inside of things"
    return ""


def _function(node: ast.FunctionDef, scope: Scope) -> Iterator[Finding]:
    yield from _decorators(node, scope)
    if hasattr(builtins, node.name):
        yield _at(node, f"{node.name} is a built-in and keeps its meaning")
    defaults = [default for default in [*node.args.defaults, *node.args.kw_defaults] if default is not None]
    arguments = [argument for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
    words = [argument.annotation for argument in arguments if argument.annotation is not None]
    for part in [*defaults, *words, *([node.returns] if node.returns is not None else [])]:
        yield from _only_constant(part, scope)


def _class(node: ast.ClassDef, scope: Scope) -> Iterator[Finding]:
    yield from _decorators(node, scope)
    bases = [scope.dotted(base) for base in node.bases]
    made = any(scope.dotted(_undecorated(word)) == "dataclasses.dataclass" for word in node.decorator_list)
    if node.keywords or not (made and not bases or bases == ["typing.NamedTuple"]):
        yield _at(node, f"class {node.name[:80]}: only dataclasses and named tuples, without a base of their own")
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign | ast.Assign):
            yield from _constant(inner, scope)
        elif not isinstance(inner, ast.FunctionDef | ast.Pass) and not _is_text(inner):
            yield _at(inner, "in a class stand only fields and methods")


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _decorators(node: ast.FunctionDef | ast.ClassDef, scope: Scope) -> Iterator[Finding]:
    for word in node.decorator_list:
        if scope.dotted(_undecorated(word)) not in _allowed.DECORATORS:
            yield _at(word, f"the decorator of {node.name[:80]} is not one of {', '.join(sorted(_allowed.DECORATORS))}")
        for part in [*word.args, *(k.value for k in word.keywords)] if isinstance(word, ast.Call) else ():
            yield from _only_constant(part, scope)


def _undecorated(word: ast.expr) -> ast.expr:
    return word.func if isinstance(word, ast.Call) else word


def _class_pattern(node: ast.MatchClass) -> Iterator[Finding]:
    for name in node.kwd_attrs:
        if problem := _attribute_problem(name) or ("" if not name.startswith("_") else f"{name[:80]} is private"):
            yield _at(node, problem)


def _handler(node: ast.ExceptHandler) -> Iterator[Finding]:
    if node.type is None:
        yield _at(node, "an except without an error takes everything; name what is expected")


def _plain_format(function: ast.expr) -> bool:
    """Tell whether it is ``"...".format`` of a text that reaches into nothing that it is given."""
    if not isinstance(function, ast.Attribute) or function.attr != "format":
        return False
    text = function.value.value if isinstance(function.value, ast.Constant) else None
    return isinstance(text, str) and _plain_fields(text)


def _plain_fields(text: str, depth: int = 2) -> bool:
    try:
        fields = [(field, inner) for _, field, inner, _ in string.Formatter().parse(text) if field is not None]
    except ValueError:
        return False
    return all(field.isidentifier() or field.isdigit() or not field for field, _ in fields) and (
        not any(inner for _, inner in fields) or depth > 0 and all(_plain_fields(inner or "", depth - 1)
                                                                   for _, inner in fields))  # fmt: skip
