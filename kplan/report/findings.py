"""For people: findings with their source lines, those that say the same in one place. Readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.excerpts import Excerpt, excerpt_of
from kplan.report.shortening import shortened
from kplan.report.wrapping import wrapped

if TYPE_CHECKING:
    from kplan.lint.findings import Findings

ALIKE = 3  # from how many findings on those that say the same are told once
PLACES = 3  # how many of their places are told
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def render_findings(findings: Findings, out: Console, *, quiet: bool = False, verbose: bool = False) -> None:
    """All findings and a line that counts them."""
    render_diagnostics(findings.diagnostics, out, verbose=verbose)
    counts = {s: sum(1 for d in findings.diagnostics if d.severity is s) for s in (Severity.ERROR, Severity.WARNING, Severity.NOTE)}
    if quiet and not findings.diagnostics:
        return
    objects = "1 object" if findings.objects == 1 else f"{findings.objects} objects"
    if not findings.diagnostics:
        out.print(Text(f"{objects} checked: nothing to say.", style="bold"))
        return
    told = ", ".join(f"{n} {s}{'s' if n != 1 else ''}" for s, n in counts.items() if n)
    out.print(Text(f"{objects} checked: {told}.", style="bold"))


def render_diagnostics(
    diagnostics: Iterable[Diagnostic], out: Console, excerpts: Mapping[Span, Excerpt] | None = None, *, verbose: bool = False
) -> None:
    """Each with its place, its source line and a caret; unless `verbose`, those that say the same after the first of them, by their places alone.

    Of warnings and notes that say the same some places are told and the others counted; no place of an error is left out.
    """
    for group in ([d] for d in diagnostics) if verbose else _alike(diagnostics):
        diagnostic = group[0]
        colour = COLOURS[diagnostic.severity]
        line = Text(f"{diagnostic.span}: " if diagnostic.span else "", style="bold")
        line.append(f"{diagnostic.severity}: ", style=f"bold {colour}")
        line.append(shortened(diagnostic.message))
        if str(diagnostic.ref) not in diagnostic.message:
            line.append(_about(diagnostic), style="dim")
        line.append(f"  [{diagnostic.rule}]", style="dim")
        print_wrapped(line, out, 2)
        _excerpt(diagnostic, out, colour, excerpts or {})
        _places([f"{span}: {words}" for span, words in diagnostic.related], out, verbose)
        also = list(dict.fromkeys(f"also {d.span or ''}{_about(d)}" for d in group[1:] if (d.span, d.ref) != (diagnostic.span, diagnostic.ref)))
        _places(also, out, verbose or diagnostic.severity is Severity.ERROR, 1)
        if diagnostic.hint:
            print_wrapped(Text(f"    help: {diagnostic.hint}", style="cyan"), out, 10)


def _alike(diagnostics: Iterable[Diagnostic]) -> Iterator[list[Diagnostic]]:
    """Findings that differ in nothing but their object and place together, where there are enough of them, at the place of the first; all others alone."""
    found = list(diagnostics)
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for diagnostic in found:
        groups.setdefault(_said(diagnostic), []).append(diagnostic)
    for diagnostic in found:
        group = groups[_said(diagnostic)]
        if len(group) < ALIKE:
            yield [diagnostic]
        elif diagnostic is group[0]:
            yield group


def _said(diagnostic: Diagnostic) -> tuple[object, ...]:
    """What a finding says, whatever its object; without a place its object is all that it is told by."""
    text = diagnostic.message.replace(str(diagnostic.ref), "") if diagnostic.ref else diagnostic.message
    return diagnostic.rule, diagnostic.severity, text, diagnostic.hint, None if diagnostic.span else diagnostic.ref


def _about(diagnostic: Diagnostic) -> str:
    """The object, for behind a text or a place."""
    return f" ({diagnostic.ref})" if diagnostic.ref and diagnostic.ref.name else ""


def _places(lines: Sequence[str], out: Console, whole: bool, before: int = 0) -> None:
    """Other places of a finding, a line each; unless `whole`, so many that with those told `before` they are PLACES."""
    most = len(lines) if whole or len(lines) <= PLACES - before + 1 else PLACES - before
    for text in lines[:most]:
        print_wrapped(Text(f"    {text}", style="dim"), out, 6)
    if most < len(lines):
        print_wrapped(Text(f"    and {len(lines) - most} more (-v shows all)", style="dim"), out, 6)


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
