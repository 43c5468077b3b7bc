"""GitLab code quality: a JSON list that the merge request widget shows on the lines it is about.

Format: docs.gitlab.com, "Code quality report format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from kplan.diagnostics import Diagnostic, Severity
from kplan.lint.baseline import fingerprint

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO) -> None:
    """One entry a diagnostic that has a place."""
    entries = [
        {
            "description": d.message + (f" ({d.hint})" if d.hint else ""),
            "check_name": d.rule,
            "fingerprint": fingerprint(d),
            "severity": SEVERITIES[d.severity],
            "location": {"path": d.span.file, "lines": {"begin": max(d.span.line, 1)}},
        }
        for d in diagnostics
        if d.span is not None
    ]
    json.dump(entries, out, indent=2, ensure_ascii=False)
    out.write("\n")
