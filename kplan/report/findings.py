"""For people: findings with their source lines. Readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.excerpts import Excerpt, excerpt_of
from kplan.report.shortening import shortened
from kplan.report.wrapping import wrapped

if TYPE_CHECKING:
    from kplan.lint.findings import Findings

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def render_findings(findings: Findings, out: Console, *, quiet: bool = False) -> None:
    """All findings and a line that counts them."""
    render_diagnostics(findings.diagnostics, out)
    counts = {s: sum(1 for d in findings.diagnostics if d.severity is s) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)}
    if quiet and not findings.diagnostics:
        return
    objects = "1 object" if findings.objects == 1 else f"{findings.objects} objects"
    if not findings.diagnostics:
        out.print(Text(f"{objects} checked: nothing to say.", style="bold"))
        return
    told = ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)
    out.print(Text(f"{objects} checked: {told}.", style="bold"))


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: Console, excerpts: Mapping[Span, Excerpt] | None = None) -> None:
    """Each with its place, its source line and a caret."""
    for diagnostic in diagnostics:
        colour = COLOURS[diagnostic.severity]
        where = f"{diagnostic.span}: " if diagnostic.span else ""
        about = f" ({diagnostic.ref})" if diagnostic.ref and diagnostic.ref.name else ""
        line = Text(where, style="bold")
        line.append(f"{diagnostic.severity}: ", style=f"bold {colour}")
        line.append(shortened(diagnostic.message))
        line.append(about, style="dim")
        line.append(f"  [{diagnostic.rule}]", style="dim")
        print_wrapped(line, out, 2)
        _excerpt(diagnostic, out, colour, excerpts or {})
        for span, words in diagnostic.related:
            print_wrapped(Text(f"    {span}: {words}", style="dim"), out, 6)
        if diagnostic.hint:
            print_wrapped(Text(f"    help: {diagnostic.hint}", style="cyan"), out, 10)


def print_wrapped(text: Text, out: Console, indent: int) -> None:
    """Print a text; the lines on which it goes on are indented."""
    for line in wrapped(text, out.width, indent):
        out.print(line, no_wrap=True, overflow="ignore", crop=False)


def _excerpt(diagnostic: Diagnostic, out: Console, colour: str, excerpts: Mapping[Span, Excerpt]) -> None:
    span = diagnostic.span
    line = excerpt_of(span, excerpts, diagnostic.path) if span else None
    if span is None or line is None or not line.strip():
        return
    width = max(20, out.width - 8)
    start = max(0, span.column - 1 - width // 2) if len(line) > width else 0
    shown = line[start : start + width] + ("…" if start + width < len(line) else "")
    out.print(Text("    " + shown, style="dim"), no_wrap=True, overflow="crop")
    if span.column:
        out.print(Text("    " + " " * (span.column - 1 - start) + "^", style=colour), no_wrap=True, overflow="crop")


__all__ = ["print_wrapped", "render_diagnostics", "render_findings"]
