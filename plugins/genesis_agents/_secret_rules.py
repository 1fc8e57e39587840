"""What a scan looks for beyond the shapes of tokens, which are the kernel's: key blocks with a body, and assignments.

Every pattern is linear on any text: what is repeated is bounded wherever two repeats could share a character.
"""

from __future__ import annotations

import re

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
