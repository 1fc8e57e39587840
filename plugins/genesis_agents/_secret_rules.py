"""The shapes of secrets: tokens that services issue, key blocks, passwords in addresses, and assignments.

Every pattern is linear on any text: a token begins only where no token character stands before it, so no stretch of
text is tried twice from within, and what is repeated is bounded wherever two repeats could share a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of secret whose shape alone gives it away."""

    rule: str
    words: str
    shape: str


_TOKEN_KINDS = (
    Kind("aws-access-key", "AWS access key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    Kind("github-token", "GitHub token", r"gh[pousr]_[A-Za-z0-9]{36,255}+"),
    Kind("github-token", "GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    Kind("gitlab-token", "GitLab token", r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,64}+"),
    Kind("slack-token", "Slack token", r"xox[abeoprs]-[A-Za-z0-9-]{10,250}+"),
    Kind("slack-token", "Slack token", r"xapp-[0-9]-[A-Za-z0-9-]{20,250}+"),
    Kind("stripe-key", "Stripe live key", r"[sr]k_live_[A-Za-z0-9]{16,250}+"),
    Kind("google-api-key", "Google API key", r"AIza[A-Za-z0-9_-]{35}"),
    Kind("anthropic-key", "Anthropic key", r"sk-ant-[A-Za-z0-9_-]{24,250}+"),
    Kind("openai-key", "OpenAI key", r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,250}+|[A-Za-z0-9]{48})"),
    Kind("npm-token", "npm token", r"npm_[A-Za-z0-9]{36}"),
    Kind("pypi-token", "PyPI token", r"pypi-AgE[A-Za-z0-9_-]{50,500}+"),
    Kind("huggingface-token", "Hugging Face token", r"hf_[A-Za-z0-9]{34}"),
    Kind("sendgrid-key", "SendGrid key", r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    Kind("digitalocean-token", "DigitalOcean token", r"do[oprt]_v1_[a-f0-9]{64}"),
    Kind("jwt", "JSON Web Token",
         r"eyJ[A-Za-z0-9_-]{8,4000}+\.eyJ[A-Za-z0-9_-]{8,8000}+\.[A-Za-z0-9_-]{16,2000}+"),
)  # fmt: skip
_PLACED_KINDS = (
    Kind("slack-webhook", "Slack webhook address",
         r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>T[A-Za-z0-9_]{6,20}/[A-Za-z0-9_/]{16,80})"),
    Kind("azure-storage-key", "Azure storage key", r"AccountKey=(?P<secret>[A-Za-z0-9+/]{86}==)"),
    Kind("password-in-url", "Password in an address",
         r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s:/@'\"<>`]{0,100}+"
         r":(?P<secret>[^\s/@'\"<>`]{3,200}+)@"),
)  # fmt: skip


def _any_of(kinds: tuple[Kind, ...]) -> re.Pattern[str]:
    """Return one pattern for all tokens: a text is gone through once, and only where a token can begin."""
    shapes = "|".join(f"(?P<k{index}>{kind.shape})" for index, kind in enumerate(kinds))
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{shapes})(?![A-Za-z0-9_-])")


_ANY_TOKEN = _any_of(_TOKEN_KINDS)
_PLACED = tuple((kind, re.compile(kind.shape)) for kind in _PLACED_KINDS)


def shaped(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield what has the shape of a token in a text: its kind, and where it begins and ends."""
    for match in _ANY_TOKEN.finditer(text):
        yield _TOKEN_KINDS[int(str(match.lastgroup)[1:])], match.start(), match.end()
    for kind, pattern in _PLACED:
        for match in pattern.finditer(text):
            yield kind, *match.span("secret")


PRIVATE_KEY = re.compile(
    r"(?P<secret>-----BEGIN (?P<kind>[A-Z0-9]{2,20} )?(?:ENCRYPTED )?PRIVATE KEY(?: BLOCK)?-----)"
    r"(?=(?:\\[nr]|[\s\"'+,\\]|(?:Proc-Type|DEK-Info|Version|Comment):[^\n\\]{0,100}+){0,40}+[A-Za-z0-9+/=]{32})"
)
"""Only with a body behind it: a program that looks for the marker holds no key."""

PASSWORD_WORDS = ("password", "passwd", "passphrase", "pwd")
_KEY_WORDS = (
    "api_key", "api-key", "apikey", "secret", "token", "access_key", "access-key", "accesskey", "auth_key",
    "authkey", "private_key", "private-key", "privatekey", "client_key", "encryption_key", "signing_key", "credential",
)  # fmt: skip

_WORD = "|".join((*PASSWORD_WORDS, *_KEY_WORDS))
_SIGN = r"[ \t]{0,20}+(?::=|=>|=|:(?!:))[ \t]{0,20}+"

QUOTED = re.compile(
    rf"(?P<word>{_WORD})(?P<rest>[\w-]{{0,40}}+)[\"'\]]{{0,3}}"
    r"(?:[ \t]{0,20}+:[ \t]{0,20}+[A-Za-z_][\w.\[\]| ]{0,40}?(?==))?"  # an annotation: password: str = "..."
    rf"{_SIGN}[rRbBuU]?(?P<quote>[\"'`])(?P<secret>[^\"'`\s]{{6,400}}+)(?P=quote)",
    re.IGNORECASE,
)
"""``name = "value"`` in any language; "name": "value" in JSON."""

BARE = re.compile(
    rf"(?P<word>{_WORD})(?P<rest>[\w-]{{0,40}}+){_SIGN}(?P<secret>[^\"'`\s#;,(){{}}\[\]<>$&|\\]{{6,400}}+)(?=[\s;,#]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""``NAME=value`` without quotes, as settings files write it; in a program that would be another variable."""

BARE_SUFFIXES = (
    ".env", ".ini", ".cfg", ".conf", ".properties", ".yaml", ".yml", ".sh", ".bash", ".zsh", ".envrc", ".netrc",
    ".npmrc", ".pypirc", ".tfvars",
)  # fmt: skip
BARE_NAMES = ("dockerfile", "containerfile", ".env", "credentials", "pgpass")

PLACEHOLDERS = re.compile(
    r"example|change[_-]?(?:me|it|this)|place[_-]?holder|dummy|your[_-]|[_-]here\b|todo|redacted|replace[_-]?(?:me|this)"
    r"|insert[_-]|x{4,}|\*{3,}|\.{3,}|…|<[^>]*>|\$\{|\$\(|\{\{|%\(|%s|^\$|^%|^\{.*\}$|^env[:.]|os\.environ|getenv"
    r"|\(\?|\\[dswbn]|process\.env|^not[_-]?(?:a|so|real)|^fake|^test[_-]?|^sample|^my[_-]|^some[_-]|^foo|^none$|^null$|^undefined$",
    re.IGNORECASE,
)
NOT_A_SECRET_NAME = re.compile(
    r"(?:[_-]?(?:url|uri|path|file|filename|name|field|label|id|type|kind|header|prefix|suffix|regex|pattern|format"
    r"|endpoint|env|var|key_?name|message|msg|hint|help|text|title|placeholder|policy|length|len|count|limit|ttl"
    r"|expires?|expiry|class|param|parameter|arn|ref|hash|hashes|ize|izer|ised|ized|iser|s_?dir|_dir))$",
    re.IGNORECASE,
)
"""What follows the word when the name speaks about a secret instead of holding one: ``token_url``, ``secret_name``."""
