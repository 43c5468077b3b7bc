"""The words in which the rules about texts say what is wrong.

Upstream: apimachinery's pkg/util/validation/validation.go. There are two generations of length errors: "characters" in the older one, "bytes" in the newer.
"""

from __future__ import annotations

import re


def regex_error(message: str, pattern: str, *examples: str) -> str:
    """The text of a failed pattern.   Upstream: validation.RegexError."""
    if not examples:
        return f"{message} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


def size(value: str) -> int:
    """Length in bytes, as Go counts."""
    return len(value) if value.isascii() else len(value.encode())


def max_len_error(maximum: int, unit: str = "characters") -> str:
    """The text of a value that is too long."""
    return f"must be no more than {maximum} {unit}"


def inclusive_range_error(low: int, high: int) -> str:
    """The text of a number out of range."""
    return f"must be between {low} and {high}, inclusive"


def check(value: str, pattern: re.Pattern[str], error: str, maximum: int = 0, unit: str = "characters") -> list[str]:
    """What is wrong with a value that must have a pattern, and a length in bytes of at most `maximum` unless that is 0."""
    errors = [max_len_error(maximum, unit)] if maximum and size(value) > maximum else []
    if not pattern.fullmatch(value):
        errors.append(error)
    return errors
