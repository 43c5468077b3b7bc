"""`kplan lint`."""

from __future__ import annotations

import sys

import click

from kplan.cli.options import checked_version, console, note_skipped, read, shared, unreadable

LEVELS = ("error", "warning", "note")


@click.command()
@shared
@click.option("--format", "format", type=click.Choice(["text", "json", "github"]), default="text", show_default=True, help="How to print the findings.")
@click.option("--fail-on", type=click.Choice([*LEVELS, "never"]), default="error", show_default=True, help="Lowest severity that makes the exit code 1.")
def command(
    paths: tuple[str, ...],
    namespace: str,
    exclude: tuple[str, ...],
    version: str,
    color: bool | None,
    quiet: bool,
    verbose: bool,
    format: str,
    fail_on: str,
) -> int:
    """Check manifests: YAML, schema, the API server's validation, references.

    Exit code: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable input.
    """
    version = checked_version(version)
    sources = read(paths, exclude)
    from kplan.diagnostics import Severity
    from kplan.lint.engine import lint

    findings = lint(sources, namespace=namespace, version=version)
    if format == "json":
        from kplan.report.json import render_findings as render_json

        render_json(findings, sys.stdout)
    elif format == "github":
        from kplan.report.github import render_diagnostics

        render_diagnostics(findings.diagnostics, sys.stdout)
    else:
        from kplan.report.text import render_findings

        render_findings(findings, console(color), quiet=quiet)
    if not quiet:
        note_skipped(sources, verbose=verbose)
    if unreadable(sources):
        return 2
    worst = findings.worst()
    if fail_on == "never" or worst is None:
        return 0
    return int(worst >= Severity[fail_on.upper()])
