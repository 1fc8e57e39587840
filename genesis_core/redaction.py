"""The shapes of secrets, for whoever looks for them and for whoever takes them out.

A kind of token has an *exact* shape, by which a text can be said to hold one, and may have a *wide* one, by which it is
taken out: what is left in a record by mistake costs more than a word too many that is gone. Beside tokens there are
authorization headers, private key blocks, passwords in addresses, and what is assigned to a name like ``password``.
A secret of no known shape and no telling name is not found.

Every pattern is linear on any text: what it repeats without a limit is taken whole or not at all, and never looked at
again from a later start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["REDACTED", "SecretShape", "literals", "redacted", "secret_shapes"]

REDACTED = "[redacted]"
SHORTEST = 6
"""Values of the environment that are shorter are words like ``none`` or ``true``: replacing them would spoil texts."""
SECRET_NAMES = ("_KEY", "_TOKEN", "_SECRET", "PASSWORD")
"""How the name of an environment variable ends whose value is a secret."""


@dataclass(frozen=True, slots=True)
class SecretShape:
    """A kind of secret whose shape alone gives it away; where the pattern has a group, that is the secret."""

    rule: str
    words: str
    exact: str
    wide: str = ""


_TOKENS = (
    SecretShape("aws-access-key", "AWS access key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    SecretShape("github-token", "GitHub token", r"gh[pousr]_[A-Za-z0-9]{36,255}+", r"gh[opsur]_\w{30,}+"),
    SecretShape("github-token", "GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", r"github_pat_\w{22,}+"),
    SecretShape("gitlab-token", "GitLab token", r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,64}+",
                r"gl(?:pat|dt|rt|ptt)-[\w-]{16,}+"),
    SecretShape("slack-token", "Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}+", r"xox[abeoprs]-[\w-]{10,}+"),
    SecretShape("slack-token", "Slack token", r"xapp-[0-9]-[A-Za-z0-9-]{20,250}+"),
    SecretShape("stripe-key", "Stripe live key", r"[sr]k_live_[A-Za-z0-9]{16,250}+",
                r"(?:sk|rk|pk)_(?:live|test)_\w{16,}+"),
    SecretShape("google-api-key", "Google API key", r"AIza[A-Za-z0-9_-]{35}", r"AIza[\w-]{30,}+"),
    SecretShape("anthropic-key", "Anthropic key", r"sk-ant-[A-Za-z0-9_-]{24,250}+", r"sk-[\w-]{16,}+"),
    SecretShape("openai-key", "OpenAI key",
                r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,250}+|[A-Za-z0-9]{48})"),
    SecretShape("npm-token", "npm token", r"npm_[A-Za-z0-9]{36}", r"npm_\w{30,}+"),
    SecretShape("pypi-token", "PyPI token", r"pypi-AgE[A-Za-z0-9_-]{50,500}+", r"pypi-[\w-]{30,}+"),
    SecretShape("huggingface-token", "Hugging Face token", r"hf_[A-Za-z0-9]{34}", r"hf_\w{24,}+"),
    SecretShape("sendgrid-key", "SendGrid key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
                r"SG\.[\w-]{16,64}+\.[\w-]{16,}+"),
    SecretShape("digitalocean-token", "DigitalOcean token", r"do[oprt]_v1_[a-f0-9]{64}"),
    SecretShape("jwt", "JSON Web Token",
                r"eyJ[A-Za-z0-9_-]{8,4000}+\.eyJ[A-Za-z0-9_-]{8,8000}+\.[A-Za-z0-9_-]{16,2000}+"),
)
_PLACED = (
    SecretShape("slack-webhook", "Slack webhook address",
                r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>T[A-Za-z0-9_]{6,20}/[A-Za-z0-9_/]{16,80})"),
    SecretShape("azure-storage-key", "Azure storage key", r"AccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)"),
    SecretShape("password-in-url", "Password in an address",
                r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s:/@'\"<>`]{0,100}+"
                r":(?P<secret>[^\s/@'\"<>`]{3,200}+)@"),
)


@lru_cache(maxsize=1)
def _any_token() -> re.Pattern[str]:
    """Return one pattern for all tokens: a text is gone through once, and only where a token can begin."""
    shapes = "|".join(f"(?P<k{index}>{kind.exact})" for index, kind in enumerate(_TOKENS))
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{shapes})(?![A-Za-z0-9_-])")


@lru_cache(maxsize=1)
def _placed() -> tuple[tuple[SecretShape, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(kind.exact)) for kind in _PLACED)


def secret_shapes(text: str) -> Iterator[tuple[SecretShape, int, int]]:
    """Yield what has the exact shape of a secret in *text*: its kind, and where it begins and ends."""
    for match in _any_token().finditer(text):
        yield _TOKENS[int(str(match.lastgroup)[1:])], match.start(), match.end()
    for kind, pattern in _placed():
        for match in pattern.finditer(text):
            yield kind, *match.span("secret")


# -- take out ---------------------------------------------------------------------------------------------------------

_START = r"(?<![A-Za-z0-9])"
_MORE = (r"ya29\.[\w-]{16,}+",)
"""Of no exact shape: taken out, and never said to be there."""
_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credentials?|"
    r"(?:api|access|private|secret|account|auth|encryption|signing|master)[_ -]?key"
)
_ASSIGNED = r"\\?[\"']?[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}"
_VALUE = r"(?:\"[^\"\n]++\"|\\\"[^\"\n\\]++\\\"|'[^'\n]++'|\\?[\"']?+[^\s\"'`\\,;&]{3,}+)"
_BLOCK = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,16}-----"
_BLOCK_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,16}-----"
_SHAPES = (*(kind.wide or kind.exact for kind in _TOKENS if kind.rule != "jwt"), *_MORE)

_QUOTE = re.compile(r"(?:\\?[\"'])?")
_MIXED = re.compile(r"(?=[^\d]{0,60}\d)(?=[^A-Za-z]{0,60}[A-Za-z]).{6}", re.DOTALL)


@lru_cache(maxsize=1)
def _hints() -> re.Pattern[str]:
    """Return what each pattern has in it: most texts have nothing of it, and are done with in one pass."""
    return re.compile(rf"(?i)-----BEGIN|sk-|_live_|_test_|AIza|ya29|gh[opsur]_|github_pat|gl(?:pat|dt|rt|ptt)-|xox"
                      rf"|xapp-|AKIA|ASIA|ABIA|ACCA|hf_|npm_|pypi-|SG\.|do[oprt]_v1|hooks\.slack|eyJ|authorization|bearer"
                      rf"|://|{_NAMES}")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the patterns and what stands in the place of each; compiled once somebody needs them."""
    credentials = rf"(?i)(\bauthorization{_ASSIGNED}[\"']?(?:basic|bearer|digest|token)[ \t]{{1,4}})[^\s\"'\\,;]{{3,}}+"
    return (
        (re.compile(rf"{_BLOCK}(?:[^-]|-(?!----END ))*+(?:{_BLOCK_END})?"), REDACTED),
        (re.compile(_START + f"(?:{'|'.join(_SHAPES)})"), REDACTED),
        (re.compile(r"(?<![\w.-])eyJ[\w-]{8,}+\.[\w-]{4,}+\.[\w-]{4,}+"), REDACTED),  # a JSON web token
        (re.compile(r"(hooks\.slack\.com/(?:services|workflows)/)[\w/]{8,}+"), rf"\1{REDACTED}"),
        (re.compile(credentials), rf"\1{REDACTED}"),
        (re.compile(r"(?i)(\bbearer[ \t]{1,4})[\w.~+/=-]{8,}+"), rf"\1{REDACTED}"),
        (re.compile(r"(://[^/\s:@\[\]]{1,128}:)[^/\s@]{1,256}(?=@)"), rf"\1{REDACTED}"),
    )


@lru_cache(maxsize=1)
def _assignment() -> re.Pattern[str]:
    return re.compile(rf"(?i)((?:{_NAMES}){_ASSIGNED})({_VALUE})")


@lru_cache(maxsize=1)
def _telling() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?:^|[_ -])(?:{_NAMES})$|^(?:{_NAMES})$")


def redacted(text: str) -> str:
    """Return a text for people, such as an error's, without the secrets in it.

    The values of variables of the environment whose names say that they are secret go, too. Of what is assigned to a
    telling name, only what looks like no word is taken: in a message, ``token: expected a name`` says something.
    """
    values = secret_values(os.environ)
    return without_shapes(text if values is None else values.sub(REDACTED, text), words=False)


def without_shapes(text: str, *, words: bool = True) -> str:
    """Return *text* without what has the shape of a secret; *words*: whatever is assigned to a telling name is one."""
    if _hints().search(text) is None:
        return text
    for pattern, instead in _patterns():
        text = pattern.sub(instead, text)
    return _assignment().sub(_taken_out if words else _taken_out_if_mixed, text)


def tells(name: str) -> bool:
    """Return whether *name* says that its value is a secret."""
    return _telling().search(name) is not None


def literals(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return the pattern of any of *values*, the longest first, as one may be the beginning of another."""
    longest = sorted(values, key=lambda value: (-len(value), value))
    return re.compile("|".join(map(re.escape, longest))) if longest else None


def secret_values(environ: Mapping[str, str], names: Iterable[str] = ()) -> re.Pattern[str] | None:
    """Return the pattern of the values in *environ* whose names say so, or are among *names*; None: there are none."""
    chosen = frozenset(names)
    return literals({value for name, value in environ.items()
                     if (name in chosen or name.upper().endswith(SECRET_NAMES)) and len(value) >= SHORTEST
                     and value not in REDACTED})


def _taken_out(found: re.Match[str]) -> str:
    """Return the assignment with its value gone, and its quotes as they were."""
    value = found[2]
    mark = _QUOTE.match(value)[0]  # type: ignore[index]  # it matches nothing, too
    return f"{found[1]}{mark}{REDACTED}{mark if mark and value[len(mark):].endswith(mark) else ''}"


def _taken_out_if_mixed(found: re.Match[str]) -> str:
    return _taken_out(found) if _MIXED.match(found[2].strip("\\\"'")) else found[0]
