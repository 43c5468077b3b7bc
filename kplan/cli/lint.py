"""`kplan lint`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kplan.cli.charts import charts, check_charts, rendering
from kplan.cli.options import checked_version, configuration, definitions, note_skipped, outputs, read, shared, state_objects, unreadable, write
from kplan.diagnostics import Diagnostic
from kplan.lint import baseline as baselines

if TYPE_CHECKING:
    from kplan.lint.cache import Held
    from kplan.lint.engine import Options
    from kplan.manifests.sources import Sources

LEVELS = ("error", "warning", "note")


@click.command()
@shared
@outputs
@click.option("--fail-on", type=click.Choice([*LEVELS, "never"]), default=None, help="Lowest severity that makes the exit code 1 (default: error).")
@click.option("--profile", type=click.Choice(["default", "strict", "security", "all"]), default=None, help="Which set of rules runs.")
@click.option("--select", multiple=True, metavar="GLOB", help="Only these rules (may be repeated).")
@click.option("--ignore", multiple=True, metavar="GLOB", help="Not these rules (may be repeated).")
@click.option("--state", multiple=True, metavar="FILE|DIR", help="Objects that exist in the cluster: references may point at them.")
@click.option("--strict-kinds", is_flag=True, help="A custom resource without its definition is an error.")
@click.option("--suppress/--no-suppress", default=True, help="Whether suppressions count.")
@click.option("--baseline", type=click.Path(dir_okay=False), help="Tell only what this file does not have.")
@click.option("--write-baseline", type=click.Path(dir_okay=False), help="Write what is found to this file and exit with 0.")
@click.option("--cache/--no-cache", "use_cache", default=True, help="Whether findings of former runs over the same input are used and kept.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, metavar="N", help="How many processes work at once (default 0: one a processor).")
@click.option("--statistics", is_flag=True, help="Also tell how much each rule found and how long it took (on standard error).")
@charts
@click.option("--fix", is_flag=True, help="Print the changes that would mend what can be mended safely, as a diff.")
@click.option("--write", "write_fixes", is_flag=True, help="With --fix: change the files.")
def command(
    paths: tuple[str, ...],
    namespace: str | None,
    exclude: tuple[str, ...],
    crds: tuple[str, ...],
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
    strict_kinds: bool,
    suppress: bool,
    baseline: str | None,
    write_baseline: str | None,
    use_cache: bool,
    jobs: int,
    statistics: bool,
    values: tuple[str, ...],
    set_: tuple[str, ...],
    release: str,
    fix: bool,
    write_fixes: bool,
) -> int:
    """Check manifests: YAML, schema, the API server's validation, references.

    Exit code: 0 clean, 1 findings at or above --fail-on (with --fix: there is something to change), 2 usage or unreadable input.
    """
    config = configuration()
    version = checked_version(version or config.kubernetes_version)
    from kplan.diagnostics import Severity
    from kplan.manifests.sources import Sources
    from kplan.report.formats import write_findings

    if write_fixes and not fix:
        raise click.UsageError("--write goes with --fix")
    options = {
        "namespace": namespace or config.namespace or "default",
        "version": version,
        "config": config,
        "strict_kinds": strict_kinds,
        "profile": profile or "",
        "select": select,
        "ignore": ignore,
        "suppress": suppress,
        "statistics": statistics,
    }
    given = _Given(paths, (*exclude, *config.exclude), state, crds, values, set_, release, jobs)
    if fix:
        return _fix(given, options, write_fixes)
    held = _found(given, options, use_cache and not statistics)
    findings = held.findings
    if statistics:
        _statistics(findings.times, findings.diagnostics)
    if write_baseline:
        count = baselines.write(Path(write_baseline), findings.diagnostics)
        click.echo(f"{write_baseline}: {count} findings accepted", err=True)
        return 0
    if baseline:
        findings = replace(findings, diagnostics=tuple(_new(baseline, findings.diagnostics)))
    write(format, output, color, lambda name, out, screen: write_findings(findings, name, out, screen, quiet=quiet, verbose=verbose))
    if not quiet:
        note_skipped(Sources((), skipped=held.skipped), verbose=verbose)
    if held.unreadable:
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


@dataclass(frozen=True, slots=True)
class _Given:
    """What is linted, and what is read for it."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    state: tuple[str, ...]
    crds: tuple[str, ...]
    values: tuple[str, ...]
    set: tuple[str, ...]
    release: str
    jobs: int

    def read(self, options: dict[str, Any], told: list[Diagnostic] | None = None) -> tuple[Sources, Options]:
        """The manifests, and the options with what else was read; what was said of that is added to `told`."""
        from kplan.lint.engine import Options

        sources = read(self.paths, self.exclude, rendering(self.values, self.set, self.release, options["namespace"], options["version"]), self.jobs)
        check_charts(sources, self.values, self.set, self.release)
        return sources, Options(**options, state=state_objects(self.state), definitions=definitions(self.crds, sources, told=told))


def _found(given: _Given, options: dict[str, Any], use_cache: bool) -> Held:
    """What linting finds, or found when it last looked at the same."""
    from kplan.lint import cache

    key = None
    if use_cache and given.paths:
        charts = given.values, given.set, given.release
        key = cache.key_of(given.paths, given.exclude, given.state, options, charts, beside=(*given.crds, *given.values))
    held = cache.load(key) if key else None
    if held is None:
        from kplan.lint.engine import lint

        told: list[Diagnostic] = []  # which a later run could not say again
        sources, read_too = given.read(options, told)
        held = cache.Held(lint(sources, read_too), sources.skipped, unreadable(sources))
        if key and not told and cache.lasts(held):
            cache.store(key, held)
    return held


def _statistics(times: dict[str, float], diagnostics: Sequence[Diagnostic]) -> None:
    """A line for each rule: findings, milliseconds; the slowest first."""
    counts = Counter(d.rule for d in diagnostics)
    names = sorted({*times, *counts}, key=lambda n: (-times.get(n, 0.0), n))
    width = max((len(n) for n in names), default=0)
    for name in names:
        took = f"{times[name] * 1000:8.1f} ms" if name in times else ""
        click.echo(f"{name:{width}}  {counts[name]:6}  {took}".rstrip(), err=True)


def _fix(given: _Given, options: dict[str, Any], write_fixes: bool) -> int:
    """Show, or make, the changes that mend what can be mended safely."""
    from kplan.lint.fixing import fixes, unified

    sources, read_too = given.read(options)
    found = fixes(sources, read_too)
    for change in found:
        if write_fixes:
            Path(change.file).write_bytes(change.after)
        else:
            click.echo(unified(change), nl=False)
        for said in change.said:
            click.echo(f"{change.file}:{said}", err=True)
    count, files = sum(len(c.said) for c in found), len(found)
    done = "made" if write_fixes else "to make (--write makes them)"
    click.echo(f"{count} change{'s' if count != 1 else ''} in {files} file{'s' if files != 1 else ''} {done}", err=True)
    if not found and unreadable(sources):
        return 2
    return int(bool(found) and not write_fixes)
