"""Layer 3: what computes passes; every known way from text to code, and to what others hold, does not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.layers import judged, syntax
from genesis_core import LayerCheck

ATTACKS = Path(os.environ.get("GENESIS_EVAL_DATA", "/nowhere"), "sandbox_attacks")

GIVEN = ("WIN_TOKEN", "CANARY_FILE", "CANARY_DIR", "CANARY_MARK", "LOOP_PORT", "ABSTRACT_NAME", "VICTIM_PID", "MEM_MB",
         "DISK_MB")  # fmt: skip
ONLY_TOO_MUCH = ("rs02_membomb", "rs06_spin")
"""Nothing is wrong with how these are written: they take too much, and the sandbox has limits for that."""


def looked_at(code: str, **options: object) -> LayerCheck:
    return judged(syntax, candidate(code, **options))  # type: ignore[arg-type]


def body(statement: str) -> str:
    """Return a tool that would pass without the statement."""
    inner = statement.replace("\n", "\n    ")
    return f"def tool(text):\n    {inner}\n    return text\n"


REFUSED_INSIDE = {
    "eval": "text = eval(text)",
    "exec": "exec(text)",
    "compile": "compile(text, 'x', 'exec')",
    "import by name": "__import__('os')",
    "open": "text = open('/etc/passwd').read()",
    "eval under another name": "run = eval\nrun(text)",
    "eval handed over": "list(map(eval, [text]))",
    "eval as a default": "def _f(run=eval):\n    return run",
    "eval as a decorator": "@eval\ndef _f(): pass",
    "globals": "globals()['x'] = 1",
    "vars": "vars(text)",
    "builtins": "__builtins__['eval'](text)",
    "getattr by what it is given": "getattr(text, text)()",
    "getattr of a dunder": "getattr(text, '__class__')",
    "getattr put together": "getattr(text, '__cl' + 'ass__')",
    "getattr handed over": "list(map(getattr, [text], [text]))",
    "getattr under another name": "look = getattr\nlook(text, text)",
    "setattr": "setattr(text, 'x', 1)",
    "classes made by type": "type('X', (), {})",
    "type under another name": "make = type\nmake('X', (), {})",
    "walk to all classes": "().__class__.__base__.__subclasses__()",
    "walk by object": "object.__subclasses__()",
    "walk by globals of a method": "text.join.__globals__",
    "dunder by pattern": "match text:\n    case object(__class__=found): return found",
    "dunder by keyword": "dict(__class__=1)",
    "mangled name": "text.__secret",
    "private of another": "text._private",
    "frame of a generator": "(x for x in ()).gi_frame",
    "frame of a trace": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    e.__traceback__.tb_frame",
    "object of an error": "try:\n    text.nothing\nexcept AttributeError as e:\n    e.obj",
    "format of attributes": "'{0.__class__}'.format(text)",
    "format of items": "'{0[x]}'.format(text)",
    "format inside a format": "'{0:{1.x}}'.format(text, text)",
    "format of what it is given": "text.format(text)",
    "format_map": "'{x}'.format_map({})",
    "format of the class": "str.format(text, text)",
    "format handed over": "list(map('{0.x}'.format, [text]))",
    "input": "input()",
    "a clock": "import datetime\ntext = datetime.datetime.now()",
    "global state": "global STATE\nSTATE = text",
    "swallows everything": "try:\n    text()\nexcept:\n    pass",
    "ends the process": "raise SystemExit(0)",
    "stops the interpreter by name": "exit_ = quit\nexit_()",
    "asks the debugger": "breakpoint()",
    "a name that nobody defined": "nobody(text)",
    "another meaning for eval": "def _g(eval):\n    return eval(text)",
    "another meaning by import": "from math import sqrt as eval\ndef _g():\n    return eval(text)",
    "another meaning by error": "try:\n    int(text)\nexcept ValueError as exec:\n    pass",
    "another meaning by pattern": "match text:\n    case open: pass",
    "another meaning in a comprehension": "[getattr for getattr in text]",
    "a call in a default": "def _g(x=print(1)):\n    return x",
    "a call in an annotation": "def _g(x: print(1)):\n    return x",
    "a call in what is returned": "def _g() -> print(1):\n    return 1",
    "a call in a decorator": "from functools import lru_cache\n@lru_cache(maxsize=print(1))\ndef _g(): return 1",
    "a class that does something":
        "from dataclasses import dataclass\n@dataclass\nclass _P:\n    for x in text:\n        print(x)",
    "a class of its own": "class _X:\n    pass",
    "a class with a metaclass": "class _X(metaclass=type):\n    pass",
    "a class with a base": "class _X(dict):\n    pass",
}  # fmt: skip


@pytest.mark.parametrize("statement", REFUSED_INSIDE.values(), ids=REFUSED_INSIDE)
def test_what_reaches_beyond_computing_is_refused(statement: str) -> None:
    assert looked_at(body("pass")).ok
    found = looked_at(body(statement))
    assert not found.ok and found.findings


REFUSED_IMPORTS = (
    "import os", "import sys", "import subprocess", "import ctypes", "import importlib", "import builtins",
    "import socket", "import inspect", "import gc", "import pickle", "import marshal", "import codecs", "import types",
    "import time", "import threading", "import asyncio", "import urllib", "import urllib.request", "import numpy",
    "import os.path", "import re, os", "import json as os, os as json", "from os import path", "from math import *",
    "from . import x", "from .os import path", "from dataclasses import sys", "from dataclasses import make_dataclass",
    "from operator import attrgetter", "from operator import methodcaller", "from string import Formatter",
    "from typing import get_type_hints", "from random import random", "from random import _os", "from io import open",
    "from json import codecs", "from functools import singledispatch",
)  # fmt: skip


@pytest.mark.parametrize("line", REFUSED_IMPORTS)
def test_a_module_or_name_that_is_not_on_the_list_is_refused(line: str) -> None:
    assert not looked_at(f"{line}\n{body('pass')}").ok


@pytest.mark.parametrize("line", [
    "import math", "import collections.abc", "from collections import Counter, defaultdict", "import urllib.parse",
    "from datetime import date as day", "from io import StringIO", "from random import Random", "import re as regex",
    "from __future__ import annotations", "from functools import lru_cache, reduce", "from typing import Any, Literal",
])  # fmt: skip
def test_a_module_that_computes_may_be_imported(line: str) -> None:
    assert looked_at(f"{line}\n{body('pass')}").findings == ()


@pytest.mark.parametrize("use", [
    "statistics.sys.modules", "dataclasses.sys", "json.codecs.open", "random._os.environ", "random.random()",
    "operator.attrgetter('x')", "string.Formatter()", "io.open('x')", "re.sre_compile", "functools.singledispatch",
    "getattr(statistics, 'sys')", "getattr(json, 'loads')", "[json][0]", "vars(json)", "urllib.request", "print(json)",
])  # fmt: skip
def test_a_module_gives_only_what_it_offers_and_is_never_handed_on(use: str) -> None:
    head = "import dataclasses, functools, io, json, operator, random, re, statistics, string, urllib.parse\n"
    assert looked_at(head + body("json.loads(text), statistics.mean([1]), urllib.parse.quote(text)")).ok
    assert not looked_at(head + body(use)).ok


@pytest.mark.parametrize("line", [
    "print('x')", "STATE = open('x')", "if True:\n    X = 1", "for x in []:\n    pass", "X = [].append(1)",
    "X = (lambda: 1)()", "def other(): pass", "class Plain:\n    X = 1", "async def _f(): pass", "X.y = 1", "'second'",
    "try:\n    X = 1\nexcept ValueError:\n    X = 2", "X = (y := 1)", "import re\nX = re.sub('a', 'b', 'c')",
])  # fmt: skip
def test_nothing_happens_while_a_module_is_read(line: str) -> None:
    assert not looked_at(f'"""A tool."""\n{line}\n{body("pass")}').ok


@pytest.mark.parametrize("line", [
    "X = 3", "X: int = 3", "X = {'a': (1, -2.5), 'b': [None, True]}", "X = frozenset({'a'})", "X, = (1,)",
    "import re\nX = re.compile(r'[a-z]+')", "from decimal import Decimal\nX = Decimal('1.5') * 2",
    "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass _P:\n    x: int",
    "from dataclasses import dataclass, field\n@dataclass\nclass _P:\n    x: list = field(default_factory=list)",
    "from typing import NamedTuple\nclass _P(NamedTuple):\n    x: int", "def _helper(x): return x",
    "from functools import lru_cache\n@lru_cache(maxsize=8)\ndef _helper(x): return x",
])  # fmt: skip
def test_constants_helpers_and_dataclasses_may_stand_in_a_module(line: str) -> None:
    expected = not line.startswith("X, =")  # only a name is given a value
    assert looked_at(f'"""A tool."""\n{line}\n{body("pass")}').ok is expected


@pytest.mark.parametrize("statement", [
    "'{} of {x:>8}'.format(text, x=1)", "f'{text!r:>{8}}'", "'%s' % text", "format(1.5, '.2f')", "type(text).__name__",
    "getattr(text, 'real', 0)", "hasattr(text, 'upper')", "input = id = text\ntext = input + id",
    "match text:\n    case {'a': [x, *rest]}: return x\n    case str(): pass",
    "try:\n    int(text)\nexcept ValueError as error:\n    raise ValueError(str(error)) from None",
    "with_tax = [x * 2 for x in range(3) if (y := x)]", "def _g(self):\n    return self._x",
])  # fmt: skip
def test_ordinary_python_passes(statement: str) -> None:
    assert looked_at(body(statement)).findings == ()


def test_there_is_exactly_one_public_function_named_as_the_spec() -> None:
    assert not looked_at("def other(text):\n    return text\n").ok
    assert not looked_at("def _tool(text):\n    return text\n").ok
    assert not looked_at(body("pass") + body("pass")).ok
    assert not looked_at("tool = 3\n").ok
    assert not looked_at("async def tool(text):\n    return text\n").ok


def test_files_and_variables_are_reached_only_by_what_asks_for_them() -> None:
    reads, looks = body("text = open('/data/x').read()"), "import os\n" + body("text = os.environ['X']")
    assert not looked_at(reads).ok and looked_at(reads, asks={"read": ["/data/x"]}).ok
    assert not looked_at(looks).ok and looked_at(looks, asks={"env": ["X"]}).ok
    assert not looked_at("import os\n" + body("os.system(text)"), asks={"env": ["X"]}).ok
    assert not looked_at(looks, asks={"read": ["/data/x"]}).ok


def test_a_package_is_imported_only_when_it_is_asked_for() -> None:
    code = "import numpy as np\n" + body("text = np.linalg.det([[1]])")
    assert not looked_at(code).ok and looked_at(code, asks={"modules": ["numpy"]}).ok
    assert not looked_at("import numpy as np\n" + body("np.fromfile(text)"), asks={"modules": ["numpy"]}).ok
    assert not looked_at("import numpy as np\n" + body("np.os.environ"), asks={"modules": ["numpy"]}).ok


@pytest.mark.skipif(not ATTACKS.is_dir(), reason="GENESIS_EVAL_DATA names no folder with sandbox_attacks")
def test_no_sample_attack_passes_as_the_body_of_a_tool() -> None:
    known = "".join(f"{name} = 1\n" for name in GIVEN)
    assert looked_at(body(known)).ok
    texts = {path.stem: path.read_text("utf-8") for path in sorted(ATTACKS.glob("*.py"))}
    tried = {name: looked_at(body(known + text)).ok for name, text in texts.items()
             if "# kind: attack" in text and name not in ONLY_TOO_MUCH}  # fmt: skip
    assert len(tried) > 8 and not any(tried.values()), tried
