"""What a clause names: files and folders of the workspace, and the topic that is searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .lexicon import lexicon
from .stems import stem
from .words import MARK, NAME, QUOTED, WORD, Token

LEADS_TO_TOPIC = frozenset({"about", "regarding", "concerning", "mention", "mentions", "mentioning", "mentioned"})
_SAYS = frozenset(
    "say says said state states stated promise promises promised claim claims claimed "
    "guarantee guarantees guaranteed".split()
)
_PLACE = frozenset({"in", "from", "within", "inside", "under", "below", "across", "throughout", "out"})
_BELOW = frozenset({"under", "below", "inside", "beneath", "within"})
Wording = tuple[object, ...]
"""What tokens say, whatever they are called that they say it of."""
_WITHIN_PATHS = frozenset({"/", "-", "_", ".", "+"})
_VERBAL = ("ing", "ed")
"""Behind "the folder", words that end so go on with the sentence, unless a folder is called so."""
FOLDER_WORDS = frozenset({"folder", "folders", "directory", "directories", "dir", "subfolder", "subdirectory", "path"})


class Named(NamedTuple):
    """Places of the workspace that a clause names, in order."""

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    marks: frozenset[int] = frozenset()
    """Start of each token that is part of such a name."""


class Places:
    """What lies in the workspace, looked up once and only when a clause might name it."""

    def __init__(self, files: Callable[[str], tuple[str, ...]]) -> None:
        self._files = files
        self._folders: dict[str, set[str]] | None = None
        self._concepts: dict[str, frozenset[str]] = {}

    def folders(self) -> dict[str, set[str]]:
        """Return the extensions of the files below each folder, by lower-case name of the folder."""
        if self._folders is None:
            self._folders = {}
            for name in self._files("**/*"):
                parts = name.split("/")
                extension = parts[-1].rpartition(".")[2].lower()
                for depth in range(1, len(parts)):
                    self._folders.setdefault("/".join(parts[:depth]).lower(), set()).add(extension)
        return self._folders

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the files that *pattern* names."""
        return self._files(pattern)

    def concepts(self, name: str) -> frozenset[str]:
        """Return what the files of that name, or below it, say about the work: ``#table``, ``#document``, ``#code``."""
        found = self._concepts.get(name)
        if found is None:
            found = self._concepts[name] = self._spoken(name)
        return found

    def _spoken(self, name: str) -> frozenset[str]:
        known = lexicon().extensions
        extension = name.rpartition(".")[2].lower()
        if extension in known:
            return frozenset({known[extension]})
        below = self.folders().get(name.strip("./").lower(), set())
        return frozenset(known[e] for e in below if e in known)

    def wording(self, tokens: Sequence[Token]) -> Wording:
        """Return what *tokens* say: the same for those that differ only in paths, where the same kinds of files lie."""
        return tuple([t.text if t.kind is WORD or t.kind is MARK else self._sign(t) for t in tokens])

    def _sign(self, token: Token) -> object:
        is_path = token.kind is NAME and ("/" in token.text or "." in token.text)
        if is_path and not token.low.endswith("ly"):  # else it could be read as a word
            return self.concepts(token.text)
        return token.kind, token.text


def with_paths(text: str, tokens: Sequence[Token], places: Places) -> list[Token]:
    """Return *tokens* with a folder that is there as one name without a slash at its end: "src/parcel"."""
    found, tried = list(tokens), len(tokens)
    slashes = [at for at, t in enumerate(tokens[1:], 1) if t.kind is WORD and text[tokens[at - 1].end : t.start] == "/"]
    for at in reversed(slashes):  # from behind: places before them stay
        if at >= tried:
            continue
        tried, last = _run(text, tokens, at)
        start, end = tokens[tried].start, tokens[last].end
        path = text[start:end]
        if path.lower() in places.folders():
            found[tried : last + 1] = [Token(path, path.lower(), NAME, start, end)]
    return found


def _run(text: str, tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """Return the first and the last of the words around *at* between which no blank and no comma stands."""
    first = last = at
    while first and _joined(text, tokens[first - 1], tokens[first]):
        first -= 1
    while last + 1 < len(tokens) and _joined(text, tokens[last], tokens[last + 1]):
        last += 1
    return first, last


def _joined(text: str, one: Token, other: Token) -> bool:
    between = text[one.end : other.start]
    return one.kind is other.kind is WORD and between in _WITHIN_PATHS


def with_listed_folders(tokens: Sequence[Token], places: Places) -> list[Token]:
    """Return *tokens* with the words of "the src and tests folders" and "in src and docs" marked as names."""
    found = list(tokens)
    for at, token in enumerate(tokens):
        if token.low not in ("and", "&") or not 0 < at < len(tokens) - 1:
            continue
        first, pair = at - 1, (at - 1, at + 1)
        before = tokens[first - 1].low if first else ""
        after = tokens[at + 2].low if at + 2 < len(tokens) else ""
        listed = before in FOLDER_WORDS or after in FOLDER_WORDS or before in _PLACE or after == "for"
        if listed and all(tokens[i].kind is WORD and tokens[i].low in places.folders() for i in pair):
            for i in pair:
                found[i] = tokens[i]._replace(kind=NAME)
    return found


def naming(tokens: Sequence[Token], places: Places) -> list[int]:
    """Return the positions of the *tokens* that name files and folders."""
    return [
        at for at, token in enumerate(tokens)
        if token.kind is NAME or (token.kind is WORD and _is_folder(tokens, at, places))
    ]  # fmt: skip


def named(tokens: Sequence[Token], positions: Sequence[int], places: Places) -> Named:
    """Return the files and folders that *tokens* name at *positions*."""
    folders: dict[str, None] = {}
    files: dict[str, None] = {}
    for at in positions:
        if tokens[at].kind is NAME:
            _sort(tokens[at].text, places, folders, files)
        else:
            folders[tokens[at].text] = None
    return Named(tuple(folders), tuple(files), frozenset([tokens[at].start for at in positions]))


def _sort(name: str, places: Places, folders: dict[str, None], files: dict[str, None]) -> None:
    if any(c in name for c in "*?["):
        files.update(dict.fromkeys(places.matching(name) or (name,)))
    elif name.endswith("..") or not name.rpartition("/")[2].rpartition(".")[0] or name.lower() in places.folders():
        folders[name.rstrip("/") or "."] = None
    else:
        files[name] = None


def _is_folder(tokens: Sequence[Token], at: int, places: Places) -> bool:
    """Whether an ordinary word names a folder: "under src", "the data folder", "in the folder data"."""
    word = tokens[at]
    before = tokens[at - 1].low if at else ""
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if word.low in FOLDER_WORDS or word.low in lexicon().stop:
        return False
    if before in FOLDER_WORDS:
        return _names_itself(tokens, at, places)
    if after in FOLDER_WORDS:
        return after == "folder" or word.low in places.folders()
    if at == 1 and after == "for" and word.low in places.folders():
        return not _means(word)  # "scan src for secrets", and not "scan code for secrets"
    last = at + 1 == len(tokens) or after in lexicon().stop
    if before in _BELOW and last and word.text.islower():
        return True
    return before == "in" and last and word.low in places.folders()


def _names_itself(tokens: Sequence[Token], at: int, places: Places) -> bool:
    """Whether a word behind "the folder" is its name: not behind "the data/ folder", and "using" names none."""
    word, known = tokens[at], places.folders()
    if at > 1 and (tokens[at - 2].kind is NAME or tokens[at - 2].low in known):
        return False
    return word.low in known or not word.low.endswith(_VERBAL)


def _means(word: Token) -> bool:
    """Whether a word says something of its own, whatever folder is called so."""
    root, language = stem(word.low), lexicon()
    return bool(language.concepts.get(root)) or root in language.generic or root in language.local


def topic(tokens: Sequence[Token], marks: frozenset[int]) -> range:
    """Return the positions of what *tokens* ask to be searched for; empty when no word leads to it."""
    start = _topic_start(tokens)
    if start is None:
        return range(0)
    end = start
    while end < len(tokens) and not _place_follows(tokens, end, marks):
        end += 1
    return range(start, end)


def _topic_start(tokens: Sequence[Token]) -> int | None:
    quoted = next((i for i, t in enumerate(tokens) if t.kind is QUOTED), None)
    if quoted is not None:
        return quoted
    for leads in (LEADS_TO_TOPIC, {"on", "for", "with"}, _SAYS):
        for at in range(len(tokens) - 2, -1, -1) if leads is _SAYS else range(len(tokens) - 1):
            if tokens[at].low in leads and tokens[at + 1].low not in ("what", "how", "where"):
                return at + 1
    return None


def _place_follows(tokens: Sequence[Token], at: int, marks: frozenset[int]) -> bool:
    """Whether "in the docs", "from README.md" or the like begins at *at*."""
    if tokens[at].low not in _PLACE:
        return False
    follow = tokens[at + 1 : at + 4]
    local = lexicon().local
    return any(t.start in marks or (t.kind is WORD and stem(t.low) in local) for t in follow)


def phrase(text: str, tokens: Sequence[Token]) -> str:
    """Return the words of *tokens* as *text* has them, without articles at the ends."""
    kept = list(tokens)
    idle = lexicon().stop
    while kept and kept[0].kind is WORD and kept[0].low in idle:
        kept.pop(0)
    while kept and kept[-1].kind is WORD and kept[-1].low in idle:
        kept.pop()
    return text[kept[0].start : kept[-1].end].strip("\"' ") if kept else ""
