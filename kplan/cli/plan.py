"""`kplan plan`."""

from __future__ import annotations

import sys
from typing import Any

import click

from kplan.cli.options import checked_version, configuration, note_skipped, outputs, read, shared, state_objects, unreadable, write


@click.command()
@shared
@outputs
@click.option("--state", multiple=True, metavar="FILE|DIR", help="Base state: a dump such as `kubectl get … -A -o yaml` makes.")
@click.option("--base", multiple=True, metavar="DIR", help="Base state: the same manifests at another revision.")
@click.option("--nodes", default="", metavar="SHAPE", help="Nodes, such as 3x8cpu,32Gi,zones=a/b/c.")
@click.option("--horizon", default="10m", show_default=True, metavar="TIME", help="How long the cluster runs, in virtual time.")
@click.option("--apply", "how", type=click.Choice(["auto", "client", "server"]), default="auto", show_default=True, help="Which kind of apply.")
@click.option("--full", is_flag=True, help="Also fields that only the server writes.")
@click.option("--detailed-exitcode", is_flag=True, help="0 no change, 1 error, 2 changes.")
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
    state: tuple[str, ...],
    base: tuple[str, ...],
    nodes: str,
    horizon: str,
    how: str,
    full: bool,
    detailed_exitcode: bool,
) -> int:
    """Apply manifests to a base state, run the cluster, and show how the state changes and what is wrong.

    Exit code: 0 everything comes up, 1 something is rejected or does not come up, 2 usage or unreadable input.
    """
    config = configuration()
    version = checked_version(version or config.kubernetes_version)
    exclude = (*exclude, *config.exclude)
    sources = read(paths, exclude)
    from kplan.node.shapes import ShapeError
    from kplan.plan import Options, plan
    from kplan.report.formats import write_plan

    options = Options(
        version=version,
        namespace=namespace or config.namespace or "default",
        apply=how,
        nodes=nodes,
        horizon=seconds(horizon),
        state=state_objects(state),
        base=read(base, exclude) if base else None,
        full=full,
        progress=_progress(quiet),
    )
    try:
        found = plan(sources, options)
    except ShapeError as error:
        raise click.UsageError(f"--nodes: {error}") from None
    options.progress("")
    write(format, output, color, lambda name, out, screen: write_plan(found, name, out, screen, quiet=quiet, verbose=verbose))
    if not quiet:
        note_skipped(sources, verbose=verbose)
    if unreadable(sources):
        return 1 if detailed_exitcode else 2
    if not found.ok:
        return 1
    return 2 if detailed_exitcode and found.changes else 0


def seconds(text: str) -> float:
    """A time such as `90s`, `10m`, `2h` in seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], units[text[-1]]) if text and text[-1] in units else (text, 1)
    try:
        value = float(number) * unit
    except ValueError:
        value = -1.0
    if not 0 <= value <= 366 * 86400:
        raise click.UsageError(f'--horizon: "{text}" is not a time such as 90s, 10m or 2h')
    return value


def _progress(quiet: bool) -> Any:
    """Says on standard error what goes on, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None

    def show(text: str) -> None:
        click.echo(f"\r\033[K{text}", nl=False, err=True)

    return show
