"""Loops that undo each other's work by turns: one autoscaler scales up, another down, and so on for ever.

Only what objects are to be counts (writes that raise the generation), not what is said of them: statuses have many writers. Upstream has no such
watch; a real cluster goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from kplan.api.objects import Object
from kplan.api.reader import Entry
from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity

TURNS = 6  # changes back to what an object was before the other writer's

Writer = tuple[str, Hashable]  # the loop's name and the key that it was at


def named(loop: str, key: Hashable) -> str:
    """`horizontal-pod-autoscaler on default/web`."""
    return f"{loop} on {'/'.join(filter(None, key)) if isinstance(key, tuple) else key}"


@dataclass(slots=True)
class Contest:
    """One object: who wrote it last, what it was before, and how often somebody made it that again."""

    writers: dict[Writer, None] = field(default_factory=dict)
    last: Writer | None = None
    before: Object = field(default_factory=dict)
    turns: int = 0


@dataclass(slots=True)
class Rivalry:
    """The writes of one run. `writer` is who is at work now, None for the user."""

    writer: Writer | None = None
    writes: Counter[Writer] = field(default_factory=Counter)
    contests: dict[Ref, Contest] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Take note of a write."""
        if self.writer is None:
            return
        self.writes[self.writer] += 1
        old, new = entry.old, entry.new
        if old is None or new is None or old["metadata"].get("generation") == new["metadata"].get("generation"):
            return
        contest = self.contests.setdefault(Ref.of(new), Contest())
        if contest.last != self.writer and contest.last is not None and new.get("spec") == contest.before.get("spec"):
            contest.turns += 1
            contest.writers |= {contest.last: None, self.writer: None}
        contest.last, contest.before = self.writer, old

    @property
    def found(self) -> bool:
        """Whether two are at it."""
        return any(contest.turns >= TURNS for contest in self.contests.values())

    def diagnostics(self) -> Iterable[Diagnostic]:
        """The objects that are fought over, and by whom."""
        for ref, contest in sorted(self.contests.items()):
            if contest.turns >= TURNS:
                who = " and ".join(named(*writer) for writer in contest.writers)
                message = f"{ref} never comes to rest: {who} undo each other's work ({contest.turns} times)"
                yield Diagnostic("simulate/rivals", Severity.ERROR, message, ref, hint="let one of them decide")
