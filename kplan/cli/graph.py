"""`kplan graph`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kplan.cli import streams
from kplan.cli.options import charts, check_charts, checked_version, configuration, definitions, read, rendering, shared, tell_problems

if TYPE_CHECKING:
    from kplan.api.ref import Ref
    from kplan.graph import Graph

FORMATS = ("tree", "order", "dot", "mermaid", "json", "svg")
EDGES = ("refers", "selects", "owns")


@click.command()
@shared
@click.option("--format", "format", type=click.Choice(FORMATS), default="tree", show_default=True, help="How to draw the graph.")
@click.option("--of", multiple=True, metavar="KIND/NAME", help="Only these objects and what hangs together with them (may be repeated).")
@click.option("--depth", type=click.IntRange(0), default=None, help="With --of: at most so many edges away (default: any number).")
@click.option("--edges", type=click.Choice(EDGES), multiple=True, help="Only edges of this kind (may be repeated).")
@charts
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
    of: tuple[str, ...],
    depth: int | None,
    edges: tuple[str, ...],
    values: tuple[str, ...],
    set_: tuple[str, ...],
    release: str,
) -> int:
    """Draw the dependency graph of manifests: references, selections, owners.

    Exit code: 0, or 2 where some of the input cannot be read.
    """
    config = configuration()
    version = checked_version(version or config.kubernetes_version)
    namespace = namespace or config.namespace or None
    sources = read(paths, (*exclude, *config.exclude), rendering(values, set_, release, namespace or "default", version))
    check_charts(sources, values, set_, release)
    from kplan.lint.engine import graph_of
    from kplan.report import graph
    from kplan.report.graph_svg import render_svg

    found = graph_of(sources, namespace=namespace or "default", version=version, definitions=definitions(crds, sources), config=config)
    about = {ref for text in of for ref in _named(found, text, namespace)}
    draw = {
        "tree": graph.render_tree,
        "order": graph.render_order,
        "dot": graph.render_dot,
        "mermaid": graph.render_mermaid,
        "json": graph.render_json,
        "svg": render_svg,
    }[format]
    if format in ("json", "svg"):
        streams.for_machines()
    draw(graph.part(found, about, depth, edges), sys.stdout)
    return 2 if tell_problems(sources) else 0


def _named(graph: Graph, text: str, namespace: str | None) -> list[Ref]:
    """The objects `kind/name`, in every namespace unless one is given."""
    kind, _, name = text.lower().partition("/")
    found = [r for r in graph.objects if r.kind.lower() == kind and r.name == name and (not namespace or r.namespace in ("", namespace))]
    if not found:
        raise click.UsageError(f'--of: there is no "{text}" in the input: write for instance deployment/web')
    return found
