"""`kplan show`."""

from __future__ import annotations

import sys

import click

from kplan.cli.options import outputs, write


@click.command()
@click.argument("file", metavar="PLAN.JSON")
@outputs
@click.option("--color/--no-color", "color", default=None, help="Colours (default: on a terminal, unless NO_COLOR is set).")
@click.option("-q", "--quiet", is_flag=True, help="Only what is wrong, and the last line.")
@click.option("-v", "--verbose", is_flag=True, help="Also what is left out otherwise.")
def command(file: str, format: str, output: tuple[str, ...], color: bool | None, quiet: bool, verbose: bool) -> int:
    """Draw a saved plan in any format: FILE is what `kplan plan --format json` wrote, - is standard input.

    Exit code: 0, or 2 where there is no plan to read.
    """
    from kplan.report.reading import NotAPlanError, read_plans
    from kplan.report.several import write_plans

    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as source:
                data = source.read()
        plans = read_plans(data)
    except OSError as error:
        raise click.ClickException(f'cannot read "{file}": {error.strerror}') from None
    except NotAPlanError as error:
        raise click.ClickException(f'"{file}" is {error}' if str(error).startswith("not") else f'"{file}": {error}') from None
    write(format, output, color, lambda name, out, screen: write_plans(plans, name, out, screen, quiet=quiet, verbose=verbose))
    return 0
