"""`kplan reach`."""

from __future__ import annotations

import click

from kplan.cli.asking import Asked, asked


@click.command()
@click.argument("source", metavar="A")
@click.argument("target", metavar="B")
@click.argument("paths", nargs=-1, metavar="PATH...")
@asked
def command(asking: Asked, source: str, target: str) -> int:
    """Say whether A reaches B, hop by hop: names, Services, ports, ready pods, and the NetworkPolicy that decides.

    A is pod/x, deployment/web, an address, or `internet`. B is service/db or service/db:5432, pod/x:8080, deployment/db:5432, ingress/shop, a host
    with a path such as shop.example.com/cart, or an address. NAMESPACE/KIND/NAME names what is in another namespace.
    Exit code: 0 it does on every way, 1 it does not.
    """
    cluster = asking.cluster()
    from kplan.questions.naming import UnknownError
    from kplan.questions.reach import reach
    from kplan.report.reach import render_json, render_text

    try:
        found = reach(cluster, source, target, asking.namespace)
    except UnknownError as error:
        raise click.ClickException(str(error)) from None
    asking.draw(found, render_text, render_json)
    return 0 if found.ok else 1
