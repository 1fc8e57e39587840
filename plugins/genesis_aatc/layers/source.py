"""Layer 2: what a source is made of, before anybody reads it: size, characters, and a parse that cannot hurt us."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from genesis_aatc.candidate import Candidate

from . import _parse
from ._parse import MAX_BYTES
from ._refused import Refused

NAME = "source"

SECONDS = 10.0
COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
UTF_8 = (b"utf-8", b"utf8", b"utf_8")
MOST_SHOWN = 5


def check(candidate: Candidate) -> Iterable[str]:
    """Refuse what is too large, hides something from a reader, or is no program."""
    try:
        source = candidate.source
    except UnicodeEncodeError:
        raise Refused("it holds half of a character (a lone surrogate)") from None
    if len(source) > MAX_BYTES:
        raise Refused(f"it has {len(source)} bytes; at most {MAX_BYTES} are looked at")
    Refused.when([*_hidden(candidate.proposal.code), *_cookie(source)])
    if problem := parsed_apart(source):
        raise Refused(problem)
    Refused.when(list(disguised(candidate.proposal.code, candidate.tree)))
    return ()


def _hidden(text: str) -> Iterator[str]:
    """Yield the characters that an editor does not show, or shows in another order than they are read."""
    if text.startswith("\ufeff"):
        yield "it begins with a byte order mark"
    if "\r" in text.replace("\r\n", ""):
        yield "a line ends with a bare carriage return"
    found = sorted({sign for sign in text if unseen(sign)})
    for sign in found[:MOST_SHOWN]:
        name = unicodedata.name(sign, "a control character")
        yield f"it holds U+{ord(sign):04X} ({name.lower()}) as such; write it as an escape"


def unseen(sign: str) -> bool:
    """Tell whether a character is not shown, or changes how those beside it are shown."""
    return sign not in "\n\r\t" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _cookie(source: bytes) -> Iterator[str]:
    """Yield a declaration that has the source read as anything but UTF-8: the text that was read is not what runs."""
    for line in source.split(b"\n", 2)[:2]:
        found = COOKIE.match(line)
        if found and found[1].lower() not in UTF_8:
            yield "it declares an encoding other than UTF-8"


def parsed_apart(source: bytes, script: Path = Path(_parse.__file__)) -> str:
    """Return why a limited process of its own does not take *source* for a program; empty: it does."""
    if not sys.executable:
        return "there is no interpreter to parse it apart from this program"
    try:
        # Our own file, in an interpreter that reads no environment and no site-packages.
        done = subprocess.run([sys.executable, "-I", "-S", str(script)], input=source,  # noqa: S603
                              capture_output=True, timeout=SECONDS, check=False, env={}, close_fds=True)  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it could not be parsed apart from this program: {type(error).__name__}"
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode == 0 and said:
        return "" if said == "ok" else said
    return "parsing it ends the interpreter: it is nested too deep, or grows too large"


def disguised(text: str, tree: ast.AST) -> Iterator[str]:
    """Yield the names that are spelt otherwise than Python reads them: full-width letters, ligatures."""
    if text.isascii():
        return
    used = set(names(tree))
    for word in _words(text):
        plain = unicodedata.normalize("NFKC", word)
        if plain != word and plain in used:
            yield f"{word[:80]!r} is read as {plain[:80]!r}; write it so"


def _words(text: str) -> Iterator[str]:
    """Yield what could be a name, wherever it stands."""
    word = ""
    for sign in text:
        if ("a" + sign).isidentifier():
            word += sign
            continue
        if not word.isascii():
            yield word
        word = ""
    if not word.isascii():
        yield word


def names(tree: ast.AST) -> Iterator[str]:
    """Yield every name in a tree, of whatever it is."""
    for node in ast.walk(tree):
        for field in ("id", "name", "attr", "arg", "asname", "rest", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield from value.split(".")
        for field in ("names", "kwd_attrs"):
            for value in getattr(node, field, ()):
                if isinstance(value, str):
                    yield value
