"""`kplan explain`."""

from __future__ import annotations

import click

from kplan.cli.asking import Asked, asked


@click.command()
@click.argument("ref", metavar="REF")
@click.argument("paths", nargs=-1, metavar="PATH...")
@asked
def command(asking: Asked, ref: str) -> int:
    """Say why a pod is where it is, or nowhere: every node, every plugin's verdict and score, and what would let it in.

    REF is a pod or what makes pods (pod/web-0, deployment/web); of anything else its conditions and events are told. Exit code: 0 it is up, 1 it is not.
    """
    cluster = asking.cluster()
    from kplan.questions.explain import explain
    from kplan.questions.naming import UnknownError, named
    from kplan.report.explain import render_json, render_text

    try:
        found = explain(cluster, named(cluster, ref, asking.namespace))
    except UnknownError as error:
        raise click.ClickException(str(error)) from None
    asking.draw(found, render_text, render_json)
    return 0 if found.ready else 1
