"""Lines and tables that reports for people share: wrapped with a hanging indent, aligned without borders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from kplan.report.wrapping import wrapped as lines_of

if TYPE_CHECKING:
    from rich.console import Console


def wrapped(text: str | Text, out: Console, indent: int, style: str = "") -> None:
    """Print a text; the lines on which it goes on are indented."""
    whole = Text(text, style=style) if isinstance(text, str) else text
    for line in lines_of(whole, out.width, indent):
        out.print(line)


def grid(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines; columns in `right` are aligned to the right. The last column takes what is left."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", show_header=any(columns))
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if name in right else "left", no_wrap=i == 0, overflow="fold")
    return table


def counted(count: int, noun: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
