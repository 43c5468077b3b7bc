"""One pod's way through the plugins: which nodes it fits, why not the others, and how well.

Upstream: pkg/scheduler/schedule_one.go (findNodesThatFitPod, prioritizeNodes) and framework/runtime. All nodes are filtered and
scored (upstream stops at a share of them), and ties go to the first node by name (upstream picks at random).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.columns import Bools, Ints, Nodes
from kplan.scheduler.framework import Check, ClusterPlugin, Plugin, Reject, Rejected
from kplan.scheduler.node_rows import Row
from kplan.scheduler.podinfo import PodClass, PodInfo


class Refusal(NamedTuple):
    """Why one node cannot take the pod: the first plugin that says so, with all its reasons."""

    plugin: str
    reasons: tuple[str, ...]
    resolvable: bool


class LocalCheck(Check):
    """A row-local plugin asked about one class of pods."""

    def __init__(self, plugin: Plugin, pod: PodClass, weight: int) -> None:
        self.plugin = plugin
        self.pod = pod
        self.name = plugin.name
        self.weight = weight

    def filter(self, nodes: Nodes) -> Iterable[Reject]:
        """The plugin's own."""
        return self.plugin.filter(self.pod, nodes)

    def score(self, nodes: Nodes, feasible: Bools) -> Ints | None:
        """The plugin's own, normalised."""
        raw = self.plugin.score(self.pod, nodes)
        if raw is None:
            return None
        column: Ints = np.asarray(raw).astype(np.int64)
        return column if self.plugin.normalize is None else self.plugin.normalize(column, feasible)


    def score_of(self, row: Row) -> int:
        """The score of a node that alone is feasible."""
        raw = self.plugin.score(self.pod, row)
        if raw is None:
            return 0
        if self.plugin.normalize is None:
            return int(raw)
        return int(self.plugin.normalize(np.array([raw], dtype=np.int64), np.ones(1, dtype=np.bool_))[0])


class Evaluation(NamedTuple):
    """What became of every node. `rejects` has plugin, reason and rows; a row is owned by one plugin."""

    feasible: Bools
    rejects: list[tuple[str, str, Bools]]
    resolvable: Bools
    overruled: dict[int, Refusal]

    def reasons(self) -> Counter[str]:
        """How many nodes give each reason."""
        found: Counter[str] = Counter()
        for _, reason, mask in self.rejects:
            found[reason] += int(mask.sum())
        for refusal in self.overruled.values():
            found.update(refusal.reasons)
        return found


class Cycle:
    """One pod against the cluster as it stands now."""

    def __init__(self, plugins: Iterable[tuple[Plugin | ClusterPlugin, int]], cluster: ClusterState, pod: PodInfo) -> None:
        self.cluster = cluster
        self.table = cluster.table
        self.pod = pod
        self.checks: list[Check] = []
        self.rejected: Rejected | None = None
        self.only: frozenset[str] | None = None
        self.only_by: list[str] = []
        for plugin, weight in plugins:
            try:
                self._prepare(plugin, weight)
            except Rejected as rejected:
                rejected.plugin = rejected.plugin or plugin.name
                self.rejected = rejected
                return

    def _prepare(self, plugin: Plugin | ClusterPlugin, weight: int) -> None:
        cls = self.pod.cls
        if isinstance(plugin, Plugin):
            only = plugin.only(cls)
            check: Check | None = LocalCheck(plugin, cls, weight) if plugin.key(cls) is not None else None
        else:
            check = plugin.prepare(self.pod, self.cluster)
            only = check.only if check is not None else None
            if check is not None:
                check.weight = weight
        if check is not None:
            self.checks.append(check)
        if only is None:
            return
        self.only_by.append(plugin.name)
        self.only = only if self.only is None else self.only & only
        if not self.only:
            names = " ".join(sorted(self.only_by))
            text = f"plugin {names}" if len(self.only_by) == 1 else f"plugin(s) [{names}] simultaneously"
            rejected = Rejected(f"node(s) didn't satisfy {text}")
            rejected.plugin = plugin.name
            raise rejected

    # ------------------------------------------------------------------------------------------------ filter

    def evaluate(self) -> Evaluation:
        """Filter all nodes."""
        table = self.table
        alive = table.yes.copy()
        resolvable = table.no.copy()
        rejects: list[tuple[str, str, Bools]] = []
        if self.only is not None:
            alive = table.name.among(self.only)
            rejects.append(("", f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(self.only_by))}]", alive ^ True))
        overruled = {}
        for row in self.contested_rows():
            if alive[row]:
                refusal = self.refusal_with_rivals(table.at(row))
                if refusal is not None:
                    overruled[row] = refusal
                    alive[row] = False
                    resolvable[row] = refusal.resolvable
        for check in self.checks:
            hit: Bools | None = None
            hopeless: Any = None
            for reject in check.filter(table):
                mask = reject.mask & alive
                if not mask.any():
                    continue
                rejects.append((check.name, reject.reason, mask))
                hit = mask if hit is None else hit | mask
                if reject.resolvable is not True:
                    lost = mask & (np.asarray(reject.could_help()) ^ True)
                    hopeless = lost if hopeless is None else hopeless | lost
            if hit is not None:
                alive = alive & ~hit
                resolvable |= hit if hopeless is None else hit & ~hopeless
        return Evaluation(alive, rejects, resolvable, overruled)

    def contested_rows(self) -> list[int]:
        """The rows of nodes that are kept for other pods no less important."""
        if not self.cluster.nominated:
            return []
        row_of = self.table.row_of
        return [row_of[node] for node in sorted(self.cluster.nominated) if node in row_of and self.cluster.rivals(node, self.pod)]

    def refusal(self, row: Row) -> Refusal | None:
        """Why one node cannot take the pod, as the row stands; None where it can."""
        for check in self.checks:
            found = [r for r in check.filter(row) if r.mask]
            if found:
                return Refusal(check.name, tuple(r.reason for r in found), all(bool(r.could_help()) for r in found))
        return None

    def refusal_with_rivals(self, row: Row) -> Refusal | None:
        """The same, as if the pods nominated to the node that are no less important were there, and as if they were not."""
        rivals = self.cluster.rivals(self.table.names[row.row], self.pod) if self.cluster.nominated else []
        if rivals:
            self.suppose(row, rivals, 1)
            found = self.refusal(row)
            self.suppose(row, reversed(rivals), -1)
            if found is not None:
                return found
        return self.refusal(row)

    def suppose(self, row: Row, pods: Iterable[PodInfo], sign: int) -> None:
        """What if these pods were on the node, or were not?"""
        for pod in pods:
            row.add(pod, sign)
            for check in self.checks:
                check.suppose(pod, row.row, sign)

    def few_scores(self, row: int) -> int:
        """The total of a node that alone is feasible."""
        view = self.table.at(row)
        alone = self.table.no.copy()
        alone[row] = True
        total = 0
        for check in self.checks:
            if not check.weight or check.idle:
                continue
            if isinstance(check, LocalCheck):
                total += check.weight * check.score_of(view)
            else:
                score = check.score(self.table, alone)
                total += 0 if score is None else check.weight * int(score[row])
        return total

    def nominated_row(self) -> int | None:
        """The row of the node nominated for the pod, if the pod fits there: then no other is looked at."""
        row = self.table.row_of.get(self.pod.nominated) if self.pod.nominated else None
        if row is None or self.refusal_with_rivals(self.table.at(row)) is not None:
            return None
        return row

    # ------------------------------------------------------------------------------------------------ score

    def scores(self, feasible: Bools) -> dict[str, Ints]:
        """Each plugin's normalised, weighted scores of all nodes; they mean something where the node is feasible."""
        found = {}
        for check in self.checks:
            if check.weight:
                score = check.score(self.table, feasible)
                if score is not None:
                    found[check.name] = score * check.weight
        return found


def total_of(scores: dict[str, Ints], feasible: Bools) -> Ints:
    """The sum of scores; -1 where the node is not feasible."""
    total = np.zeros(len(feasible), dtype=np.int64)
    for score in scores.values():
        total += score
    total[~feasible] = -1
    return total


def fit_error(number: int, reasons: Mapping[str, int], prefilter: str = "", postfilter: str = "") -> str:
    """Why no node takes a pod, in one line.   Upstream: FitError.Error."""
    text = f"0/{number} nodes are available:"
    if prefilter:
        text += f" {prefilter}."
    else:
        counted = sorted(f"{count} {reason}" for reason, count in reasons.items() if count)
        if counted:
            text += f" {', '.join(counted)}."
    return f"{text} {postfilter}" if postfilter else text
