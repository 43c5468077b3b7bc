"""`kplan lint`."""

from __future__ import annotations

import click

from kplan.cli.options import checked_version, note_skipped, outputs, read, shared, unreadable, write

LEVELS = ("error", "warning", "note")


@click.command()
@shared
@outputs
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
    output: tuple[str, ...],
    fail_on: str,
) -> int:
    """Check manifests: YAML, schema, the API server's validation, references.

    Exit code: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable input.
    """
    version = checked_version(version)
    sources = read(paths, exclude)
    from kplan.diagnostics import Severity
    from kplan.lint.engine import lint
    from kplan.report.formats import write_findings

    findings = lint(sources, namespace=namespace, version=version)
    write(format, output, color, lambda name, out, screen: write_findings(findings, name, out, screen, quiet=quiet))
    if not quiet:
        note_skipped(sources, verbose=verbose)
    if unreadable(sources):
        return 2
    worst = findings.worst()
    if fail_on == "never" or worst is None:
        return 0
    return int(worst >= Severity[fail_on.upper()])
