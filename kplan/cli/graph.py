"""`kplan graph`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from kplan.cli import streams
from kplan.cli.charts import charts, check_charts, rendering
from kplan.cli.options import checked_version, configuration, definitions, read, shared, tell_problems

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

    Each of several overlays is a cluster of its own, with all that is no overlay; an SVG shows one.

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

    custom = definitions(crds, sources)
    named = []
    for name, part in sources.clusters():
        named.append((name, graph_of(part, namespace=namespace or "default", version=version, definitions=custom, config=config)))
    if of:
        found = [(name, whole, _named(whole, of, namespace)) for name, whole in named]
        _check_named(of, [about for _, _, about in found])
        drawn = [(name, graph.part(whole, set().union(*about.values()), depth, edges)) for name, whole, about in found if any(about.values())]
    else:
        drawn = [(name, graph.part(whole, (), depth, edges)) for name, whole in named]
    if format == "svg" and len(drawn) > 1:
        raise click.UsageError(f"an SVG shows one cluster, and there are {len(drawn)}: name one of {', '.join(name for name, _ in drawn)}")
    draw: dict[str, Callable[[Sequence[tuple[str, Graph]], TextIO], None]] = {
        "tree": graph.render_tree,
        "order": graph.render_order,
        "dot": graph.render_dot,
        "mermaid": graph.render_mermaid,
        "json": graph.render_json,
        "svg": lambda graphs, out: render_svg(graphs[0][1], out),
    }
    if format in ("json", "svg"):
        streams.for_machines()
    draw[format](drawn, sys.stdout)
    return 2 if tell_problems(sources) else 0


def _named(graph: Graph, of: tuple[str, ...], namespace: str | None) -> dict[str, set[Ref]]:
    """The objects that each `kind/name` means, in every namespace unless one is given."""
    found = {}
    for text in of:
        kind, _, name = text.lower().partition("/")
        found[text] = {r for r in graph.objects if r.kind.lower() == kind and r.name == name and (not namespace or r.namespace in ("", namespace))}
    return found


def _check_named(of: tuple[str, ...], found: Sequence[dict[str, set[Ref]]]) -> None:
    """Every `kind/name` must be in one of the clusters at least."""
    for text in of:
        if not any(about[text] for about in found):
            raise click.UsageError(f'--of: there is no "{text}" in the input: write for instance deployment/web')
