"""Connections that a change cuts or lets through, in few lines: the same of many targets is told once, what is no workload by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kplan.api.words import some

if TYPE_CHECKING:
    from kplan.questions.traffic import TrafficChange

MANY = 4  # targets of which the same is told at once


def traffic_lines(changes: Sequence[TrafficChange]) -> Iterator[str]:
    """A line each, those that are cut (`!`) first."""
    by_reason: dict[tuple[bool, str], list[TrafficChange]] = {}
    for change in changes:
        by_reason.setdefault((change.allowed, change.reason), []).append(change)
    for (allowed, reason), alike in by_reason.items():
        workloads = [c for c in alike if not c.target.startswith("the ")]
        targets = list(dict.fromkeys(f"{c.target}:{c.port}" for c in workloads))
        sources = sorted({s for c in workloads for s in c.sources})
        sign, how = ("~", "now") if allowed else ("!", "no longer")
        together = workloads if len(targets) >= MANY else []
        for change in alike:
            if change not in together:
                yield f"{sign} {change.target}:{change.port} is {how} reached by {some(change.sources)}: {reason}"
        if together:
            yield f"{sign} {some(targets)} are {how} reached by {some(sources)}: {reason}"


__all__ = ["traffic_lines"]
