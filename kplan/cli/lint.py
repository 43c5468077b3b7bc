"""`kplan lint`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from kplan.cli.options import checked_version, configuration, note_skipped, outputs, read, shared, state_objects, unreadable, write
from kplan.diagnostics import Diagnostic
from kplan.lint import baseline as baselines

LEVELS = ("error", "warning", "note")


@click.command()
@shared
@outputs
@click.option("--fail-on", type=click.Choice([*LEVELS, "never"]), default=None, help="Lowest severity that makes the exit code 1 (default: error).")
@click.option("--profile", type=click.Choice(["default", "strict", "security", "all"]), default=None, help="Which set of rules runs.")
@click.option("--select", multiple=True, metavar="GLOB", help="Only these rules (may be repeated).")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Not these rules (may be repeated).")
@click.option("--state", multiple=True, metavar="FILE|DIR", help="Objects that exist in the cluster: references may point at them.")
@click.option("--suppress/--no-suppress", default=True, help="Whether suppressions count.")
@click.option("--baseline", type=click.Path(dir_okay=False), help="Tell only what this file does not have.")
@click.option("--write-baseline", type=click.Path(dir_okay=False), help="Write what is found to this file and exit with 0.")
def command(
    paths: tuple[str, ...],
    namespace: str | None,
    exclude: tuple[str, ...],
    version: str | None,
    color: bool | None,
    quiet: bool,
    verbose: bool,
    format: str,
    output: tuple[str, ...],
    fail_on: str | None,
    profile: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    state: tuple[str, ...],
    suppress: bool,
    baseline: str | None,
    write_baseline: str | None,
) -> int:
    """Check manifests: YAML, schema, the API server's validation, references.

    Exit code: 0 clean, 1 findings at or above --fail-on, 2 usage or unreadable input.
    """
    config = configuration()
    version = checked_version(version or config.kubernetes_version)
    sources = read(paths, (*exclude, *config.exclude))
    from kplan.diagnostics import Severity
    from kplan.lint.engine import Options, lint
    from kplan.report.formats import write_findings

    options = Options(
        namespace=namespace or config.namespace or "default",
        version=version,
        state=state_objects(state),
        config=config,
        profile=profile or "",
        select=select,
        ignore=ignore,
        suppress=suppress,
    )
    findings = lint(sources, options)
    if write_baseline:
        count = baselines.write(Path(write_baseline), findings.diagnostics)
        click.echo(f"{write_baseline}: {count} findings accepted", err=True)
        return 0
    if baseline:
        findings = replace(findings, diagnostics=tuple(_new(baseline, findings.diagnostics)))
    write(format, output, color, lambda name, out, screen: write_findings(findings, name, out, screen, quiet=quiet))
    if not quiet:
        note_skipped(sources, verbose=verbose)
    if unreadable(sources):
        return 2
    worst, level = findings.worst(), fail_on or config.fail_on or "error"
    if level == "never" or worst is None:
        return 0
    return int(worst >= Severity[level.upper()])


def _new(baseline: str, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    try:
        return baselines.new_ones(Path(baseline), diagnostics)
    except baselines.BaselineError as error:
        raise click.UsageError(f"--baseline: {error}") from None
