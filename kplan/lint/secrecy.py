"""What looks like a secret: by its name, or by the form of the value."""

from __future__ import annotations

import re

SECRET_NAME = re.compile(
    r"(?i)(passw(or)?d|passwd|passphrase|secret|credential|private[-_.]?key|api[-_.]?key|access[-_.]?key|auth[-_.]?token|(^|[-_.])(token|pwd)$|client[-_.]?secret)"
)
NOT_SECRET = re.compile(
    r"(?i)([-_.](file|path|dir|name|names|url|uri|ref|mount|ttl|expiry|expiration|length|policy|enabled?|algorithm|type|id|store|header|issuer|namespace|count|size|min|max)s?$"
    r"|^(enable|disable|use|allow|require|has|is)[-_.])"
)
NO_VALUE = re.compile(r"(?i)(|true|false|yes|no|none|null|\d{1,5}|/[\w./-]+|https?://[^@]*|\$\(\w+\)|\$\{\w+\}|\*+|<[^>]*>|change-?me.*)")
# What it is, texts of which one must be there (looked for first: most texts have none), the form.
CREDENTIALS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("a private key", ("PRIVATE KEY-----",), re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")),
    ("an AWS access key", ("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    (
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b"),
    ),
    ("a GitLab token", ("glpat-",), re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b")),
    ("a Slack token", ("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
    ("a Google API key", ("AIza",), re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("a Stripe key", ("k_live_",), re.compile(r"\b[sr]k_live_[A-Za-z0-9]{20,}\b")),
    ("an npm token", ("npm_",), re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a signed token", (".eyJ",), re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}\b")),
    (
        "a password in a URL",
        ("://",),
        re.compile(r"\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?|https?|ftp)://[^\s:/@$]{1,64}:(?!\$|<|\*|%[sv])[^\s:/@$]{3,}@[\w.-]+"),
    ),
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a name is that of a secret and the value may be one (no switch, path or placeholder)."""
    return SECRET_NAME.search(name) is not None and NOT_SECRET.search(name) is None and NO_VALUE.fullmatch(value) is None


def credential(text: str) -> str:
    """What kind of credential a text holds, the empty text if none."""
    if len(text) < 16:
        return ""
    return next((what for what, signs, pattern in CREDENTIALS if any(sign in text for sign in signs) and pattern.search(text)), "")
