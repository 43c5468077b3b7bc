"""GitLab code quality: a JSON list that the merge request widget shows on the lines it is about. Of equal fingerprints it would show one.

Format: docs.gitlab.com, "Code quality report format".
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from typing import TextIO

from kplan.diagnostics import Diagnostic, Severity
from kplan.lint.baseline import fingerprint

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO) -> None:
    """One entry a diagnostic that has a place."""
    seen: Counter[str] = Counter()
    entries = []
    for d in diagnostics:
        if d.span is None:
            continue
        mark = fingerprint(d)
        seen[mark] += 1
        entries.append(
            {
                "description": d.message + (f" ({d.hint})" if d.hint else ""),
                "check_name": d.rule,
                "fingerprint": mark if seen[mark] == 1 else hashlib.sha256(f"{mark} {seen[mark]}".encode()).hexdigest()[:32],
                "severity": SEVERITIES[d.severity],
                "location": {"path": posixpath.normpath(d.span.file.replace("\\", "/")), "lines": {"begin": max(d.span.line, 1)}},
            }
        )
    json.dump(entries, out, indent=2, ensure_ascii=False)
    out.write("\n")
