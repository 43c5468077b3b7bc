"""How Helm charts are rendered: the options, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from kplan.manifests.rendering import Rendering
    from kplan.manifests.sources import Sources


def charts(command: Callable[..., Any]) -> Callable[..., Any]:
    """How Helm charts are rendered."""
    for option in reversed(
        (
            click.option("--values", multiple=True, metavar="FILE", help="Values of Helm charts (may be repeated)."),
            click.option("--set", "set_", multiple=True, metavar="KEY=VALUE", help="A value of Helm charts (may be repeated)."),
            click.option("--release", default="", metavar="NAME", help="The release of Helm charts (default: the chart's folder)."),
        )
    ):
        command = option(command)
    return command


def rendering(values: tuple[str, ...], set_: tuple[str, ...], release: str, namespace: str, version: str) -> Rendering:
    """How charts are rendered for a cluster of a version, which tells them the APIs that it serves."""
    from kplan.manifests.rendering import Rendering
    from kplan.schema.resources import kinds

    served = [k for k in kinds(version) if k.served]
    apis = dict.fromkeys((*(k.api_version for k in served), *(f"{k.api_version}/{k.kind}" for k in served)))
    return Rendering(values, set_, release, namespace, version, tuple(apis))


def check_charts(sources: Sources, values: tuple[str, ...], set_: tuple[str, ...], release: str) -> None:
    """Options for charts where there is none are a mistake: of the path, or of who expects them to be read."""
    if (values or set_ or release) and not sources.charts:
        raise click.UsageError("--values, --set and --release are for Helm charts, and there is none in the input")
