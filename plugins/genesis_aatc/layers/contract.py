"""Layer 5: the function takes what the schema says, and promises no more than the schema does.

Annotations are read off the tree and never evaluated: evaluating one runs what it says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from genesis_aatc.candidate import Candidate

from ._refused import Refused
from ._scope import Scope
from ._shapes import Shape, Unreadable, missing_in, shape_of, shape_of_schema

NAME = "contract"


def check(candidate: Candidate) -> Iterable[str]:
    """Refuse a function whose parameters or annotations are not those of the spec."""
    spec = candidate.spec
    function = next((node for node in candidate.tree.body
                     if isinstance(node, ast.FunctionDef) and node.name == spec.name), None)  # fmt: skip
    if function is None:
        raise Refused(f"there is no function {spec.name}")
    scope = Scope(candidate.tree, frozenset(), frozenset())
    Refused.when([*_parameters(function, spec.input_schema), *_annotations(function, spec.input_schema, scope)])
    Refused.when(list(_returned(function, spec.output_schema, scope)))
    if ast.get_docstring(function) is None:
        yield "it has no docstring"
    if _read(function.returns, scope) == Shape.anything():
        yield "its annotation leaves open what it returns; the schema does not"


def _parameters(function: ast.FunctionDef, schema: Mapping[str, object]) -> Iterator[str]:
    arguments = function.args
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        yield "it takes any number of arguments, or some by position only; each has a name of its own"
    given = dict(_given(arguments))
    named, required = _names_of(schema, "properties"), _names_of(schema, "required")
    yield from (f"the schema has {name!r}, and no parameter has that name" for name in named if name not in given)
    yield from (f"the parameter {name!r} is not in the schema" for name in given if name not in named)
    for name in named:
        if name in given and name not in required and not given[name]:
            yield f"{name!r} may be left out by the schema, and the parameter has no default"
    if function.decorator_list:
        yield "the function has a decorator, which may make another one of it"
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own(function)):
        yield "it yields its values; a tool returns one"


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function without those of the functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _given(arguments: ast.arguments) -> Iterator[tuple[str, bool]]:
    """Yield each parameter, and whether it has a default."""
    without = len(arguments.args) - len(arguments.defaults)
    yield from ((argument.arg, at >= without) for at, argument in enumerate(arguments.args))
    yield from ((argument.arg, default is not None)
                for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))  # fmt: skip


def _names_of(schema: Mapping[str, object], word: str) -> tuple[str, ...]:
    found = schema.get(word, ())
    return tuple(found) if isinstance(found, Mapping | list | tuple) else ()


def _annotations(function: ast.FunctionDef, schema: Mapping[str, object], scope: Scope) -> Iterator[str]:
    named = schema.get("properties")
    if not isinstance(named, Mapping):
        return
    for argument in [*function.args.args, *function.args.kwonlyargs]:
        if argument.arg not in named:
            continue
        try:
            missing = missing_in(shape_of_schema(named[argument.arg]), _shape(argument.annotation, scope))
        except Unreadable as error:
            yield f"the annotation of {argument.arg!r} {error}"
        else:
            if missing:
                yield f"the schema lets {argument.arg!r} be {missing}, and its annotation does not"


def _returned(function: ast.FunctionDef, schema: Mapping[str, object], scope: Scope) -> Iterator[str]:
    if not schema:
        yield "there is no output schema"
        return
    try:
        missing = missing_in(_shape(function.returns, scope), shape_of_schema(schema), promised=True)
    except Unreadable as error:
        yield f"the annotation of what it returns {error}"
    else:
        if missing:
            yield f"its annotation lets it return {missing}, and the output schema does not"


def _read(node: ast.expr | None, scope: Scope) -> Shape | None:
    try:
        return _shape(node, scope)
    except Unreadable:
        return None


def _shape(node: ast.expr | None, scope: Scope) -> Shape:
    if node is None:
        raise Unreadable("is missing")
    return shape_of(node, scope)
