"""Layer 2: size, characters and a parse that cannot hurt the program that asks for it."""

from __future__ import annotations

import ast
import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from made_tools import candidate

from genesis_aatc.layers import judged, source
from genesis_aatc.layers._parse import problem
from genesis_core import LayerCheck

PLAIN = 'def tool(text: str) -> str:\n    """Say it."""\n    return text\n'


def looked_at(code: str) -> LayerCheck:
    return judged(source, candidate(code))


@pytest.mark.parametrize("code", [
    PLAIN, PLAIN.replace("\n", "\r\n"), "# coding: utf-8\n" + PLAIN, "# -*- coding: UTF-8 -*-\n" + PLAIN,
    PLAIN.replace("text", "größe"), PLAIN + "\tX = 1\n".replace("\t", ""), PLAIN + "S = 'ﬁ ½ ☃ \\u202e'\n",
])  # fmt: skip
def test_a_plain_source_passes(code: str) -> None:
    assert looked_at(code).findings == () and looked_at(code).ok


REFUSED = {
    "a byte order mark": ("\ufeff" + PLAIN, "byte order mark"),
    "a null": (PLAIN + "# \0", "U+0000"),
    "a bare carriage return": (PLAIN + "# hidden\rX = 1\n", "carriage return"),
    "a form feed": (PLAIN + "\fX = 1\n", "U+000C"),
    "text turned round": (PLAIN + "# \u202e nothing here\n", "U+202E"),
    "an isolate": (PLAIN + "S = '\u2066'\n", "U+2066"),
    "a letter that nobody sees": (PLAIN + "S = '\u200b'\n", "U+200B"),
    "a line that is none": (PLAIN + "# \u2028X = 1\n", "U+2028"),
    "another encoding": ("# coding: utf-7\n" + PLAIN, "encoding"),
    "another encoding in the second line": ("#!x\n# vim: set fileencoding=latin-1 :\n" + PLAIN, "encoding"),
    "half a character": (PLAIN + "S = '\ud800'\n", "surrogate"),
    "full-width letters": (PLAIN.replace("return text", "return ｅval(text)"), "'eval'"),
    "a ligature": (PLAIN.replace("return text", "return ﬁle(text)"), "'file'"),
    "a mathematical letter as an attribute": (PLAIN.replace("return text", "return text.𝘫oin([])"), "'join'"),
    "a disguise in a formatted text": (PLAIN.replace("return text", "return f'{ｅval(text)}'"), "'eval'"),
    "no program": ("def tool(:\n", "line 1"),
    "a program that can't be compiled": ("return 1\n", "line 1"),
    "an escape that is none": (PLAIN + "S = '\\d'\n", "escape"),
    "too many bytes": (PLAIN + "#" * 65_536, "65536"),
    "too many parts": (PLAIN + f"X = [{'1,' * 20_001}]\n", "20000 parts"),
    "a number of too many digits": (PLAIN + f"X = {'9' * 4_400}\n", ""),
    "a number of too many digits, written otherwise": (PLAIN + f"X = 0x{'f' * 5_000}\n", "4300 digits"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "word"), REFUSED.values(), ids=REFUSED)
def test_what_hides_or_is_too_large_is_refused(code: str, word: str) -> None:
    found = looked_at(code)
    assert not found.ok and word in " ".join(found.findings)


DEEP = {
    "brackets": "(" * 5_000 + ")" * 5_000,
    "lists": "[" * 150 + "]" * 150,
    "signs": "-" * 50_000 + "1",
    "nots": "not " * 12_000 + "1",
    "lambdas": "lambda: " * 7_000 + "1",
    "choices": "1 if 1 else " * 5_000 + "1",
    "powers": "1 ** " * 10_000 + "1",
    "sums": "1 + " * 15_000 + "1",
    "attributes": "x" + ".x" * 30_000,
    "calls": "x" + "()" * 30_000,
    "formatted": "f'{" * 1 + "-" * 60_000 + "1}'",
}  # fmt: skip


@pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deep_is_refused_and_hurts_nobody(expression: str) -> None:
    started = os.times()
    found = looked_at(f"{PLAIN}X = {expression}\n")
    took = os.times()
    assert not found.ok
    assert took.children_user + took.user - started.children_user - started.user < 8
    assert looked_at(PLAIN).ok


def test_deep_blocks_and_long_chains_are_refused() -> None:
    blocks = "".join(" " * at + "if 1:\n" for at in range(1, 99)) + " " * 99 + "pass\n"
    chain = "if x:\n  pass\n" + "elif x:\n  pass\n" * 3_000
    assert not looked_at(PLAIN + "def _f():\n" + blocks).ok
    assert not looked_at(PLAIN + chain).ok


def test_parsing_apart_says_the_same_as_parsing_here() -> None:
    for code in (PLAIN, "def tool(:\n", "return 1\n", PLAIN + "X = [1]\n"):
        assert source.parsed_apart(code.encode()) == problem_here(code.encode())


def problem_here(code: bytes) -> str:
    import warnings

    with warnings.catch_warnings():
        return problem(code)


def test_a_crash_of_the_parser_is_a_refusal(tmp_path: Path) -> None:
    crashing = tmp_path / "crashing.py"
    crashing.write_text("import os, sys\nsys.stdout.write('ok')\nsys.stdout.flush()\nos.abort()\n")
    assert "ends the interpreter" in source.parsed_apart(PLAIN.encode(), script=crashing)


def test_the_text_that_is_looked_at_is_the_text_that_runs() -> None:
    hidden = "# coding: utf-7\n+AGUAdgBhAGw-(1)\n"
    assert isinstance(ast.parse(hidden.encode()).body[0], ast.Expr)  # to Python it is a call of eval
    assert not looked_at(hidden).ok


def test_a_long_source_is_looked_at_in_linear_time() -> None:
    word = "ä" * 60 + "\n"
    started = time.process_time()
    looked_at(PLAIN + "# " + word.replace("\n", " ") * 400)
    assert time.process_time() - started < 2
