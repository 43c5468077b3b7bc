"""Who reaches whom: each way hop by hop, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from kplan.report.lines import wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.questions.reach import Reach

SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "dim")}


def render_text(found: Reach, out: Console) -> None:
    """A paragraph for each way, then the verdict."""
    for way in found.ways:
        wrapped(Text(way.title, style="bold"), out, 4)
        for hop in way.hops:
            sign, colour = SIGNS[hop.ok]
            wrapped(Text(f"  {sign} {hop.what}: {hop.answer}", style=colour if hop.ok is not True else ""), out, 6)
    good = sum(w.ok for w in found.ways)
    out.print()
    verdict = "reaches" if found.ok else "does not reach" if not good else f"reaches {good} of {len(found.ways)} ways to"
    wrapped(Text(f"{found.source} {verdict} {found.target}.", style="bold"), out, 2)


def render_json(found: Reach, out: TextIO) -> None:
    """Everything that is known; `ok` of a hop is null where it is only worth knowing."""
    ways = [{"title": w.title, "ok": w.ok, "hops": [h._asdict() for h in w.hops]} for w in found.ways]
    json.dump({"formatVersion": "1.0", "source": found.source, "target": found.target, "ok": found.ok, "ways": ways}, out, indent=2, ensure_ascii=False)
    out.write("\n")
