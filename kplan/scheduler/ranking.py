"""Totals of all nodes for one class of pods, kept current as pods land: what makes ten thousand replicas cheap.

No upstream counterpart: kube-scheduler filters and scores anew for each pod (its opportunistic batching of KEP-5598 comes nearest).
Nothing here decides anything: a row-local plugin's verdict is asked again for the rows that changed, a lasting check is told of
what landed, and the sum is the one that `kplan.scheduler.cycle` would find.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from kplan.scheduler.cluster_state import ClusterState
from kplan.scheduler.columns import Bools, Ints
from kplan.scheduler.framework import Check, ClusterPlugin, Normalize, Plugin
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.podinfo import PodClass, PodInfo

Weighted = tuple[Plugin | ClusterPlugin, int]

MANY_ROWS = 6
"""From so many changed rows on, evaluating them as columns is cheaper than one by one."""


class Static:
    """What the Node objects alone decide: which nodes come into question, scores that need no feasible set, and those that do."""

    def __init__(self, plugins: Sequence[tuple[Plugin, int]], pod: PodClass, table: NodeTable) -> None:
        self.ok: Bools = table.yes
        self.plain: Ints = table.zero
        self.normalized: list[tuple[int, Ints, Normalize]] = []
        self.constant: Ints = table.zero
        for plugin, weight in plugins:
            if plugin.key(pod) is None:
                continue
            for reject in plugin.filter(pod, table):
                self.ok = self.ok & ~np.asarray(reject.mask)
            raw = plugin.score(pod, table) if weight else None
            if raw is None:
                continue
            column: Ints = np.asarray(raw).astype(np.int64)
            if plugin.normalize is None:
                self.plain = self.plain + weight * column
            elif table.size and column.min() == column.max():
                # Equal everywhere: the normalised score is the same whichever nodes are feasible.
                self.constant = self.constant + weight * plugin.normalize(column, table.yes)
            else:
                self.normalized.append((weight, column, plugin.normalize))
        self.plain = self.plain + self.constant

    def score(self, feasible: Bools) -> Ints:
        """All of it, over the feasible nodes."""
        found = self.plain
        for weight, raw, normalize in self.normalized:
            found = found + weight * normalize(raw, feasible)
        return found


class Local:
    """What nodes with their pods decide, row by row: shared by all classes that ask the same of a row."""

    def __init__(self, plugins: Sequence[tuple[Plugin, int]], pod: PodClass, table: NodeTable) -> None:
        self.table = table
        self.pod = pod
        self.plugins = [(p, w) for p, w in plugins if p.key(pod) is not None]
        self.ok = table.yes.copy()
        self.score = table.zero.copy()
        self.seen = len(table.log)
        self._columns(None)

    def follow(self) -> None:
        """Ask again for the rows that have changed."""
        log = self.table.log
        if self.seen == len(log):
            return
        rows = {entry[0] for entry in log[self.seen :]}
        self.seen = len(log)
        if len(rows) >= MANY_ROWS:
            self._columns(np.fromiter(rows, dtype=np.int64, count=len(rows)))
            return
        pod = self.pod
        for number in rows:
            row = self.table.at(number)
            ok, score = True, 0
            for plugin, weight in self.plugins:
                if ok and any(r.mask for r in plugin.filter(pod, row)):
                    ok = False
                if weight:
                    raw = plugin.score(pod, row)
                    if raw is not None:
                        score += weight * int(raw)
            self.ok[number] = ok
            self.score[number] = score

    def _columns(self, rows: Ints | None) -> None:
        nodes = self.table if rows is None else self.table.take(rows)
        refused, score = nodes.no, nodes.zero
        for plugin, weight in self.plugins:
            for reject in plugin.filter(self.pod, nodes):
                refused = refused | reject.mask
            raw = plugin.score(self.pod, nodes) if weight else None
            if raw is not None:
                score = score + (raw if weight == 1 else weight * raw)
        where = slice(None) if rows is None else rows
        self.ok[where] = refused ^ True
        self.score[where] = score


class Ranking:
    """One class's totals. `checks` are its lasting cluster-wide checks; `fresh` ones are made for each pod."""

    def __init__(self, static: Static, local: Local, checks: list[Check], table: NodeTable) -> None:
        self.table = table
        self.static = static
        self.local = local
        self.checks = checks
        self.seen = len(table.log)
        local.follow()
        self.feasible: Bools = static.ok & local.ok
        self.total: Ints = self._sum(self.feasible)

    def _sum(self, feasible: Bools) -> Ints:
        total = self.static.score(feasible) + self.local.score
        total[~feasible] = -1
        return total

    def follow(self) -> None:
        """Catch up with what has landed."""
        log = self.table.log
        if self.seen == len(log):
            return
        entries = log[self.seen :]
        self.seen = len(log)
        for check in self.checks:
            check.follow(entries)
        self.local.follow()
        rows = {entry[0] for entry in entries}
        if len(rows) >= MANY_ROWS:
            self._columns(np.fromiter(rows, dtype=np.int64, count=len(rows)))
            return
        changed = False
        for row in rows:
            ok = self.static.ok.item(row) and self.local.ok.item(row)
            if ok != self.feasible.item(row):
                self.feasible[row] = ok
                changed = True
            if not self.static.normalized:
                self.total[row] = self.static.plain.item(row) + self.local.score.item(row) if ok else -1
        if self.static.normalized:
            if changed:
                self.total = self._sum(self.feasible)
            else:
                for row in rows:
                    if self.feasible.item(row):
                        score = sum(w * int(n(raw, self.feasible)[row]) for w, raw, n in self.static.normalized)
                        self.total[row] = self.static.plain.item(row) + score + self.local.score.item(row)

    def _columns(self, rows: Ints) -> None:
        ok = self.static.ok[rows] & self.local.ok[rows]
        changed = bool((ok != self.feasible[rows]).any())
        self.feasible[rows] = ok
        if self.static.normalized:
            if changed or len(rows) * 8 > self.table.size:
                self.total = self._sum(self.feasible)
                return
            plain = self.static.score(self.feasible)[rows]
        else:
            plain = self.static.plain[rows]
        self.total[rows] = np.where(ok, plain + self.local.score[rows], -1)

    def totals(self, fresh: Sequence[Check] = ()) -> Ints:
        """All nodes' totals for the next pod; -1 where it does not fit."""
        checks = [*(c for c in self.checks if not c.idle), *fresh]
        if not checks:
            return self.total
        table = self.table
        alive = self.feasible
        for check in checks:
            for reject in check.filter(table):
                if reject.mask is not table.no:
                    alive = alive & ~reject.mask
        total = self.static.score(alive) + self.local.score
        for check in checks:
            score = check.score(table, alive) if check.weight else None
            if score is not None:
                total += check.weight * score
        np.copyto(total, -1, where=~alive)
        return total


class Rankings:
    """The rankings of the classes seen last, and what they share."""

    def __init__(self, plugins: Sequence[Weighted], keep: int = 128) -> None:
        local = [(p, w) for p, w in plugins if isinstance(p, Plugin)]
        self.on_nodes = [(p, w) for p, w in local if not p.reads_pods]
        self.on_pods = [(p, w) for p, w in local if p.reads_pods]
        self.wide = [(p, w) for p, w in plugins if isinstance(p, ClusterPlugin)]
        self.keep = keep
        self._key: tuple[object, int, int] | None = None
        self._table: NodeTable | None = None
        self._static: OrderedDict[Hashable, Static] = OrderedDict()
        self._local: OrderedDict[Hashable, Local] = OrderedDict()
        self._rankings: OrderedDict[PodClass, Ranking] = OrderedDict()

    def of(self, pod: PodInfo, cluster: ClusterState) -> tuple[Ranking, list[Check]]:
        """The ranking of a pod's class, up to date, and the checks made for this pod alone; may raise as `prepare` does."""
        self._renew(cluster)
        cls = pod.cls
        ranking = self._rankings.get(cls)
        if ranking is not None:
            self._rankings.move_to_end(cls)
            ranking.follow()
            return ranking, []
        table = cluster.table
        checks: list[Check] = []
        for plugin, weight in self.wide:
            check = plugin.prepare(pod, cluster)
            if check is not None:
                check.weight = weight
                checks.append(check)
        lasting = [c for c in checks if c.lasting]
        static = self._shared(self._static, self.on_nodes, cls, table, Static)
        local = self._shared(self._local, self.on_pods, cls, table, Local)
        ranking = Ranking(static, local, lasting, table)
        fresh = [c for c in checks if not c.lasting]
        if not cls.needs_objects and not fresh:
            self._rankings[cls] = ranking
            if len(self._rankings) > self.keep:
                self._rankings.popitem(last=False)
        return ranking, fresh

    def _renew(self, cluster: ClusterState) -> None:
        table = cluster.table
        key = (table, table.version, cluster.objects_version)
        if self._key is not None and self._key[1:] == key[1:] and self._table is table:
            return
        if self._table is not table or self._key is None or self._key[1] != table.version:
            self._static.clear()
            self._local.clear()
        self._rankings.clear()
        self._key, self._table = key, table

    def _shared(self, known: OrderedDict[Hashable, Any], plugins: Sequence[tuple[Plugin, int]], pod: PodClass, table: NodeTable, make: type[Any]) -> Any:
        key = tuple(p.key(pod) for p, _ in plugins)
        found = known.get(key)
        if found is None:
            found = known[key] = make(plugins, pod, table)
            if len(known) > self.keep:
                known.popitem(last=False)
        else:
            known.move_to_end(key)
        return found
