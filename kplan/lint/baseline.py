"""Baselines: the findings of a day, accepted so that only new ones are told.

A baseline holds fingerprints with their counts, so it survives edits that move lines; it says nothing of severity.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from kplan.diagnostics import Diagnostic

FORMAT_VERSION = 1


class BaselineError(ValueError):
    """The file is no baseline."""


def fingerprint(diagnostic: Diagnostic) -> str:
    """What stays the same when lines move: rule, object, field path, message."""
    ref = "/".join(diagnostic.ref) if diagnostic.ref else (diagnostic.span.file if diagnostic.span else "")
    text = "\0".join((diagnostic.rule, ref, diagnostic.path, diagnostic.message))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write(path: Path, diagnostics: Iterable[Diagnostic]) -> int:
    """Write the fingerprints of all findings; how many."""
    counts = Counter(fingerprint(d) for d in diagnostics)
    path.write_text(json.dumps({"formatVersion": FORMAT_VERSION, "findings": dict(sorted(counts.items()))}, indent=1) + "\n", encoding="utf-8")
    return sum(counts.values())


def new_ones(path: Path, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings that the baseline does not have."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        left = Counter({str(k): int(v) for k, v in document["findings"].items()})
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise BaselineError(f'"{path}" is not a baseline: {error}') from None
    kept = []
    for diagnostic in diagnostics:
        mark = fingerprint(diagnostic)
        if left[mark] > 0:
            left[mark] -= 1
        else:
            kept.append(diagnostic)
    return kept
