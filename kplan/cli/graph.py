"""`kplan graph`."""

from __future__ import annotations

import sys

import click

from kplan.cli.options import checked_version, definitions, read, shared


@click.command()
@shared
@click.option("--format", "format", type=click.Choice(["tree", "dot"]), default="tree", show_default=True, help="How to draw the graph.")
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
) -> int:
    """Draw the dependency graph of manifests: references, selections, owners."""
    version = checked_version(version)
    sources = read(paths, exclude)
    from kplan.lint.engine import graph_of
    from kplan.report import graph

    found = graph_of(sources, namespace=namespace or "default", version=version, definitions=definitions(crds, sources))
    (graph.render_dot if format == "dot" else graph.render_tree)(found, sys.stdout)
    return 0
