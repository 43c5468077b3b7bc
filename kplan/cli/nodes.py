"""--nodes, which several commands take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def nodes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--nodes: shapes of nodes, joined as `kplan.node.shapes` reads several."""

    def joined(_: click.Context, __: click.Parameter, shapes: tuple[str, ...]) -> str:
        return ";".join(shapes)

    words = "Nodes, such as 3x8cpu,32Gi,zones=a/b/c (may be repeated)."
    return click.option("--nodes", multiple=True, callback=joined, metavar="SHAPE", help=words)(command)
