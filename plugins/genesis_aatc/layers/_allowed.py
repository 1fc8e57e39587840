"""What the syntax of a made tool may use: modules and their names, built-ins, attributes, decorators."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType

__all__ = [
    "ATTRIBUTES", "BUILTINS", "CONSTANT_CALLS", "DECORATORS", "DUNDERS", "METHODS", "MODULES", "NODES", "PRIVATE",
    "SOFT", "public",
]  # fmt: skip

_ONLY: Mapping[str, frozenset[str]] = {
    "io": frozenset({"BytesIO", "StringIO"}),
    "os": frozenset({"environ", "getenv"}),
    "pathlib": frozenset({"Path", "PurePath", "PurePosixPath"}),
    "random": frozenset({"Random"}),
}
"""Modules of which only these names may be used."""

_NEVER: Mapping[str, frozenset[str]] = {
    "dataclasses": frozenset({"make_dataclass"}),
    "functools": frozenset({"singledispatch", "singledispatchmethod"}),
    "hashlib": frozenset({"file_digest"}),
    "operator": frozenset({"attrgetter", "methodcaller"}),
    "string": frozenset({"Formatter"}),
    "typing": frozenset({"ForwardRef", "evaluate_forward_ref", "get_type_hints"}),
}
"""Names that evaluate text, or reach attributes by it."""

MODULES = frozenset({
    "__future__", "base64", "binascii", "bisect", "calendar", "cmath", "collections", "collections.abc", "colorsys",
    "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib",
    "heapq", "html", "io", "itertools", "json", "math", "numbers", "operator", "random", "re", "statistics", "string",
    "struct", "textwrap", "typing", "unicodedata", "urllib.parse", "zlib",
})  # fmt: skip
"""The part of the standard library that computes and reaches nothing."""

BUILTINS = frozenset({
    "ArithmeticError", "AssertionError", "AttributeError", "EOFError", "Exception", "FloatingPointError", "IndexError",
    "KeyError", "LookupError", "NotImplementedError", "OverflowError", "RecursionError", "RuntimeError",
    "StopIteration", "TypeError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError", "ValueError",
    "ZeroDivisionError", "False", "None", "True", "NotImplemented", "Ellipsis",
    "abs", "all", "any", "ascii", "bin", "bool", "bytearray", "bytes", "callable", "chr", "complex", "dict", "divmod",
    "enumerate", "filter", "float", "format", "frozenset", "hash", "hex", "int", "isinstance", "issubclass", "iter",
    "len", "list", "map", "max", "min", "next", "object", "oct", "ord", "pow", "print", "property", "range", "repr",
    "reversed", "round", "set", "slice", "sorted", "str", "sum", "super", "tuple", "zip", "classmethod",
    "staticmethod",
})  # fmt: skip
"""Built-ins that may be used as they are; ``getattr``, ``hasattr`` and ``type`` only in the ways that are checked."""

SOFT = frozenset({"copyright", "credits", "dir", "exit", "help", "id", "input", "license", "quit"})
"""Built-ins that no tool uses, and whose names are good names for something else; behind each there is no harm."""

DUNDERS = frozenset({"__name__", "__doc__"})
"""Attributes of that kind which tell and reach nothing."""
METHODS = frozenset({
    "__post_init__", "__str__", "__repr__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__",
    "__len__", "__iter__", "__contains__", "__getitem__", "__add__", "__sub__", "__mul__", "__neg__", "__bool__",
})  # fmt: skip
"""Methods of that kind which a class may define."""
PRIVATE = frozenset({"_asdict", "_replace", "_fields", "_make"})
"""Attributes with one underscore that are public all the same: those of named tuples."""

ATTRIBUTES = frozenset({
    # the insides of functions, generators, frames and errors
    "ag_frame", "co_code", "co_consts", "cr_await", "cr_frame", "cr_origin", "f_back", "f_builtins", "f_code",
    "f_globals", "f_locals", "func_code", "func_globals", "gi_code", "gi_frame", "gi_yieldfrom", "mro", "obj",
    "tb_frame", "tb_next", "with_traceback",
    # text that reaches attributes
    "format_map", "vformat", "get_field",
    # modules that others happen to hold
    "builtins", "codecs", "ctypes", "importlib", "inspect", "marshal", "os", "pickle", "posix", "shutil", "socket",
    "subprocess", "sys", "threading",
    # doors of large packages
    "eval", "exec", "query", "fromfile", "tofile", "memmap", "loadtxt", "savetxt", "genfromtxt", "read_pickle",
    "to_pickle", "read_csv", "system", "popen", "spawn",
    # what differs each time
    "now", "today", "utcnow",
})  # fmt: skip
"""Attributes that no tool reads, whatever they belong to."""

DECORATORS = frozenset({
    "classmethod", "dataclasses.dataclass", "functools.cache", "functools.cached_property", "functools.lru_cache",
    "functools.total_ordering", "property", "staticmethod",
})  # fmt: skip

CONSTANT_CALLS = frozenset({
    "bytes", "dict", "float", "frozenset", "int", "list", "range", "set", "tuple", "str.maketrans",
    "collections.namedtuple", "dataclasses.field", "datetime.date", "datetime.datetime", "datetime.time",
    "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "fractions.Fraction", "re.compile",
})  # fmt: skip
"""What may be called while the module is read: it makes a constant."""

NODES = frozenset({
    ast.Module, ast.FunctionDef, ast.ClassDef, ast.Return, ast.Delete, ast.Assign, ast.AugAssign, ast.AnnAssign,
    ast.For, ast.While, ast.If, ast.With, ast.Match, ast.Raise, ast.Try, ast.Assert, ast.Import, ast.ImportFrom,
    ast.Nonlocal, ast.Expr, ast.Pass, ast.Break, ast.Continue,
    ast.BoolOp, ast.NamedExpr, ast.BinOp, ast.UnaryOp, ast.Lambda, ast.IfExp, ast.Dict, ast.Set, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Compare, ast.Call, ast.FormattedValue,
    ast.JoinedStr, ast.Constant, ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List, ast.Tuple, ast.Slice,
    ast.comprehension, ast.ExceptHandler, ast.arguments, ast.arg, ast.keyword, ast.alias, ast.withitem,
    ast.match_case, ast.MatchValue, ast.MatchSingleton, ast.MatchSequence, ast.MatchMapping, ast.MatchClass,
    ast.MatchStar, ast.MatchAs, ast.MatchOr,
})  # fmt: skip
"""Every kind of node that may stand in a tool, beside operators and contexts; what a later Python adds may not."""


@cache
def public(module: str) -> frozenset[str]:
    """Return the names that may be taken from one of :data:`MODULES`: what it offers, and no module that it holds."""
    if module in _ONLY:
        return _ONLY[module]
    found = importlib.import_module(module)
    offered = getattr(found, "__all__", None)
    listed = offered if offered is not None else [name for name in dir(found) if not name.startswith("_")]
    plain = {name for name in listed if not isinstance(getattr(found, name, None), ModuleType)}
    return frozenset(plain - _NEVER.get(module, frozenset()))
