"""`kplan capacity`."""

from __future__ import annotations

import click

from kplan.cli.asking import Asked, asked

SHAPE = "8cpu,32Gi"
MOST_PODS = 10_000


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--fit", "fits", multiple=True, metavar="REF", help="How many more replicas of a workload fit (may be repeated).")
@click.option("--need", "needs", multiple=True, metavar="REF=N", help="How many more nodes are needed for N replicas in all (may be repeated).")
@click.option("--shape", default=SHAPE, show_default=True, metavar="SHAPE", help="The nodes that --need adds, such as 8cpu,32Gi,zones=a/b/c.")
@asked
def command(asking: Asked, fits: tuple[str, ...], needs: tuple[str, ...], shape: str) -> int:
    """Show the room there is by node, zone and resource after PATH is applied; how many more replicas fit, how many nodes are needed.

    Exit code: 0, or 1 where no replica of a --fit fits or no number of nodes is enough for a --need.
    """
    wanted = [_wanted(text) for text in needs]
    from kplan.node.shapes import ShapeError, nodes

    try:
        nodes(f"1x{shape}")
    except ShapeError as error:
        raise click.ClickException(f"--shape: {error}") from None
    cluster = asking.cluster()
    from kplan.questions.capacity import NoReplicasError, capacity, fit, need
    from kplan.questions.naming import UnknownError, named
    from kplan.report.capacity import Answer, render_json, render_text

    try:
        room = capacity(cluster)
        fitting = [fit(cluster, named(cluster, text, asking.namespace)) for text in fits]
        needed = [need(cluster, named(cluster, text, asking.namespace), count, shape) for text, count in wanted]
    except (UnknownError, NoReplicasError) as error:
        raise click.ClickException(str(error)) from None
    except ShapeError as error:
        raise click.ClickException(f"--shape: {error}") from None
    asking.draw(Answer(room, fitting, needed), render_text, render_json)
    return int(any(not f.more for f in fitting) or any(n.nodes is None for n in needed))


def _wanted(text: str) -> tuple[str, int]:
    ref, equals, number = text.rpartition("=")
    if equals and number.isdecimal() and int(number) > MOST_PODS:
        raise click.ClickException(f"--need: {number} replicas are too many: at most {MOST_PODS}")
    if not equals or not number.isdecimal():
        raise click.ClickException(f'--need: "{text}" is not REF=N, such as deployment/web=20')
    return ref, int(number)
