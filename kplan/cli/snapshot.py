"""`kplan snapshot`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click


@click.command()
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write (default: standard output).")
@click.option("-n", "--namespace", default="", help="Only this namespace, and what is in none (default: all).")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Also this kind, such as certificates.cert-manager.io (may be repeated).")
@click.option("--context", default="", metavar="NAME", help="kubectl's context.")
@click.option("--kubeconfig", default="", metavar="FILE", help="kubectl's configuration.")
@click.option("--secrets", is_flag=True, help="With the values of Secrets (default: only their keys).")
@click.option("-q", "--quiet", is_flag=True, help="No notes.")
def command(output: str, namespace: str, kinds: tuple[str, ...], context: str, kubeconfig: str, secrets: bool, quiet: bool) -> int:
    """Dump a live cluster with kubectl, for --state. It only reads."""
    from kplan.manifests.snapshot import SnapshotError, Wanted, take

    connection = (*(("--context", context) if context else ()), *(("--kubeconfig", kubeconfig) if kubeconfig else ()))
    wanted = Wanted(kinds=kinds, namespace=namespace, secrets=secrets, connection=connection)
    try:
        if output == "-":
            taken = take(wanted, sys.stdout, _progress(quiet))
        else:  # a file is there when it is whole
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=Path(output).parent, delete=False) as file:
                try:
                    taken = take(wanted, file.file, _progress(quiet))  # type: ignore[arg-type]
                except BaseException:
                    os.unlink(file.name)
                    raise
            os.replace(file.name, output)
    except SnapshotError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f'cannot write "{output}": {error.strerror}') from None
    if not quiet:
        click.echo(f"{taken.objects} objects" + (f"; the values of {taken.masked} Secrets are masked (--secrets keeps them)" if taken.masked else ""), err=True)
        if taken.forbidden:
            click.echo(f"may not be read, and left out: {', '.join(taken.forbidden)}", err=True)
    return 0


def _progress(quiet: bool) -> Callable[[str], None]:
    if quiet or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"\r\033[K{text}", nl=False, err=True)
