"""What goes on, on standard error: a line that is written over on a terminal; elsewhere, as in a CI log, a line now and then of runs that take long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from timeit import default_timer

import click

CLEAR = "\r\033[K"
OFTEN, SELDOM = 0.08, 10.0  # seconds between two lines


def progress(quiet: bool, clock: Callable[[], float] = default_timer) -> Callable[[str], None]:
    """A function that is told what goes on; the empty text clears the line."""
    if quiet:
        return lambda _: None
    terminal = sys.stderr.isatty()
    last, stage = clock(), ""

    def show(text: str) -> None:
        nonlocal last, stage
        if terminal and not text:
            click.echo(CLEAR, nl=False, err=True)
        elif text and (clock() - last >= (OFTEN if terminal else SELDOM) or (terminal and text.split(maxsplit=1)[0] != stage)):
            last, stage = clock(), text.split(maxsplit=1)[0]
            click.echo(f"{CLEAR}{text}" if terminal else f"kplan: {text}", nl=not terminal, err=True)

    return show
