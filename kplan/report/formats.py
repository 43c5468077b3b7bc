"""The output formats by name: what draws a plan and what draws findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.diagnostics import Diagnostic
    from kplan.lint.engine import Findings
    from kplan.plan import Plan

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")


def write_plan(plan: Plan, format: str, out: TextIO, screen: Callable[[], Console], *, quiet: bool = False, verbose: bool = False) -> None:
    """A plan in a format; `screen` makes what the text format prints on."""
    if format == "text":
        from kplan.report.text import render_plan

        with screen() as console:  # writes at its end: line by line, rich flushes a thousand times
            render_plan(plan, console, quiet=quiet, verbose=verbose)
    elif format == "json":
        from kplan.report.json import render_plan as render_json

        render_json(plan, out)
    elif format == "markdown":
        from kplan.report.markdown import render_plan as render_markdown

        render_markdown(plan, out)
    elif format == "html":
        from kplan.report.html import render_plan as render_html

        render_html(plan, out)
    else:
        _diagnostics(format)(plan.diagnostics, out)


def write_findings(findings: Findings, format: str, out: TextIO, screen: Callable[[], Console], *, quiet: bool = False, verbose: bool = False) -> None:
    """Findings in a format."""
    if format == "text":
        from kplan.report.findings import render_findings

        with screen() as console:
            render_findings(findings, console, quiet=quiet, verbose=verbose)
    elif format == "json":
        from kplan.report.json import render_findings as render_json

        render_json(findings, out)
    elif format == "markdown":
        from kplan.report.markdown import render_findings as render_markdown

        render_markdown(findings, out)
    elif format == "html":
        from kplan.report.html import render_findings as render_html

        render_html(findings, out)
    else:
        _diagnostics(format)(findings.diagnostics, out)


def _documentation() -> dict[str, str]:
    """The texts of rules by name."""
    from kplan.lint.rules import RULES

    return {r.name: r.documentation for r in RULES}


def _diagnostics(format: str) -> Callable[[Sequence[Diagnostic], TextIO], None]:
    """What draws plain diagnostics."""
    if format == "sarif":
        from kplan.report import sarif

        return lambda found, out: sarif.render_diagnostics(found, out, _documentation() if found else {})
    if format == "junit":
        from kplan.report import junit

        return junit.render_diagnostics
    if format == "gitlab":
        from kplan.report import gitlab

        return gitlab.render_diagnostics
    from kplan.report import github

    return github.render_diagnostics
