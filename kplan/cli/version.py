"""`kplan version`."""

from __future__ import annotations

import click

from kplan import __version__


@click.command()
def command() -> int:
    """Print this version and the Kubernetes versions it knows."""
    from kplan.schema import CURRENT, versions

    click.echo(f"kplan {__version__}")
    click.echo(f"Kubernetes {versions()[0]} to {versions()[-1]} (default {CURRENT})")
    return 0
