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
    if not asking.paths and len(drained) > 1 and not (asking.state or asking.environments):
        raise click.ClickException(f"name manifests (PATH) or a --state: {', '.join(names)} are taken as nodes, for there are no such files")
    cluster = asking.cluster()
    from kplan import losing
    from kplan.questions.drain import drain
    from kplan.report.drain import render_json, render_text

    try:
        nodes = losing.lost_nodes(cluster.objects("Node"), drained or lost_nodes, lost_zones)
    except losing.LostError as error:
        raise click.ClickException(str(error)) from None
    found = drain(cluster, nodes, lost=not drained)
    asking.draw(found, render_text, render_json)
    return 0 if found.ok else 1
