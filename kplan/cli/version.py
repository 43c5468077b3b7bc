"""`kplan version`."""

from __future__ import annotations

import json

import click

from kplan import __version__


@click.command()
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print.")
def command(format: str) -> int:
    """Print this version and the Kubernetes versions it knows."""
    from kplan.report.json import FORMAT_VERSION
    from kplan.schema import CURRENT, versions

    if format == "json":
        kubernetes = {"default": CURRENT, "known": list(versions())}
        click.echo(json.dumps({"version": __version__, "kubernetes": kubernetes, "planFormat": FORMAT_VERSION}, indent=2))
        return 0
    click.echo(f"kplan {__version__}")
    click.echo(f"Kubernetes {versions()[0]} to {versions()[-1]} (default {CURRENT})")
    return 0
