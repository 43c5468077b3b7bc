"""For GitHub Actions: workflow commands that annotate the lines of a pull request.

Format: docs.github.com, "Workflow commands for GitHub Actions" (error, warning, notice; `%`, CR, LF and in properties `:` and `,` escaped).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from kplan.diagnostics import Diagnostic, Severity

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO) -> None:
    """One command a diagnostic."""
    for diagnostic in diagnostics:
        span = diagnostic.span
        properties = [("file", span.file), ("line", span.line), ("col", span.column)] if span else []
        properties.append(("title", diagnostic.rule))
        told = ",".join(f"{k}={_property(str(v))}" for k, v in properties if v)
        about = f" ({diagnostic.ref})" if diagnostic.ref and diagnostic.ref.name else ""
        hint = f"\n{diagnostic.hint}" if diagnostic.hint else ""
        out.write(f"::{COMMANDS[diagnostic.severity]} {told}::{_data(diagnostic.message + about + hint)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
