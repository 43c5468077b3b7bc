"""`kplan drain`."""

from __future__ import annotations

import click

from kplan.cli.asking import Asked, apart, asked


@click.command()
@click.argument("words", nargs=-1, metavar="NODE... PATH...")
@click.option("--without-node", "lost_nodes", multiple=True, metavar="NODE", help="Lose a node instead of draining it (may be repeated).")
@click.option("--without-zone", "lost_zones", multiple=True, metavar="ZONE", help="Lose all nodes of a zone (may be repeated).")
@asked
def command(asking: Asked, words: tuple[str, ...], lost_nodes: tuple[str, ...], lost_zones: tuple[str, ...]) -> int:
    """Drain nodes of the cluster that the manifests at PATH make: who moves where, which PodDisruptionBudget blocks, what stays pending.

    Every pod is evicted through the API server, one round after another. What exists as a file is a PATH; node/NAME is always a node.
    Exit code: 0 all pods come up elsewhere, 1 something is blocked, broken or not up.
    """
    names, asking = apart(asking, words)
    drained = tuple(dict.fromkeys(n.removeprefix("node/") for n in names))
    if bool(drained) == bool(lost_nodes or lost_zones):
        raise click.UsageError("name nodes to drain, or those to lose with --without-node and --without-zone")
    cluster = asking.cluster()
    from kplan.questions.drain import drain, nodes_of_zone
    from kplan.report.drain import render_json, render_text

    lost = list(lost_nodes)
    for zone in lost_zones:
        there = nodes_of_zone(cluster, zone)
        if not there:
            raise click.UsageError(f"no node is in zone {zone}")
        lost += there
    known = [n["metadata"]["name"] for n in cluster.objects("Node")]
    for name in (*drained, *lost):
        if name not in known:
            more = f" and {len(known) - 5} more" if len(known) > 5 else ""
            raise click.UsageError(f"there is no node {name}: there is {', '.join(known[:5])}{more}")
    found = drain(cluster, tuple(dict.fromkeys(drained or lost)), lost=bool(lost))
    asking.draw(found, render_text, render_json)
    return 0 if found.ok else 1
