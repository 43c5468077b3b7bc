"""Pods that must, or would, be with or without each other.   Upstream: pkg/scheduler/framework/plugins/interpodaffinity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import NAMESPACE, ClusterState
from kplan.scheduler.columns import Bools, Ints, Nodes
from kplan.scheduler.framework import MAX_NODE_SCORE, Check, ClusterPlugin, Reject, Rejects
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.pod_terms import AffinityTerm
from kplan.scheduler.podinfo import PodClass, PodInfo

# What a count is about.
AFFINITY, ANTI_AFFINITY, EXISTING, SCORE = range(4)


class InterPodAffinity(ClusterPlugin):
    """`hard_weight`: what an existing pod's required affinity counts for in scores."""

    name = "InterPodAffinity"
    weight = 2

    def __init__(self, hard_weight: int = 1, ignore_preferred_of_existing: bool = False) -> None:
        self.hard_weight = hard_weight
        self.ignore_preferred_of_existing = ignore_preferred_of_existing

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Counts of the pods that a new pod's terms, or whose terms the new pod, concern."""
        return AffinityCheck(self, pod.cls, cluster)


class AffinityCheck(Check):
    """One pod's terms and those of all pods towards it, as counts by label value. Says nothing while nothing is counted."""

    name = InterPodAffinity.name
    weight = InterPodAffinity.weight
    lasting = True

    def __init__(self, plugin: InterPodAffinity, pod: PodClass, cluster: ClusterState) -> None:
        self.plugin = plugin
        self.pod = pod
        self.table: NodeTable = cluster.table
        self.namespace_labels = cluster.namespace_labels(pod.namespace)
        self.affinity = unrolled(pod.required_affinity, cluster)
        self.anti_affinity = unrolled(pod.required_anti_affinity, cluster)
        self.preferences = unrolled(pod.preferences, cluster)
        self.own_terms = bool(self.affinity or self.anti_affinity or self.preferences)
        self.scores_existing = bool(self.preferences) or not plugin.ignore_preferred_of_existing
        self.fits_itself = bool(self.affinity) and all(t.matches(pod, self.namespace_labels) for t in self.affinity)
        self.counts: tuple[dict[str, Ints], ...] = ({}, {}, {}, {})
        self.totals = [0, 0, 0, 0]
        self._parts: dict[PodClass, list[tuple[int, str, int]]] = {}
        for cls, rows in self._concerned():
            if self.parts(cls):
                where = np.fromiter(rows, dtype=np.int64, count=len(rows))
                number = np.fromiter(rows.values(), dtype=np.int64, count=len(rows))
                for about, key, weight in self.parts(cls):
                    column = self.table.label(key)
                    codes = column.codes[where]
                    self.totals[about] += int(number[codes >= 0].sum())
                    np.add.at(self._counts(about, key), codes, number * weight)
                    self._counts(about, key)[-1] = 0
        self.judges = bool(self.affinity or self.anti_affinity or self.totals[EXISTING])
        """Whether the plugin filters at all: decided before the filters run, so what is supposed later cannot change it."""

    def _concerned(self) -> Iterator[tuple[PodClass, dict[int, int]]]:
        """The pods on nodes that terms may be about."""
        seen: set[PodClass] = set()
        groups: list[Iterable[PodClass]] = [self.table.placed_with_affinity]
        groups += (self.table.placed_like(t.selector) for t in (*self.affinity, *self.anti_affinity, *self.preferences))
        for group in groups:
            for cls in group:
                if cls not in seen:
                    seen.add(cls)
                    yield cls, self.table.placed[cls]

    @property
    def idle(self) -> bool:  # type: ignore[override]
        """Whether nothing is counted that matters."""
        return not self.judges and not self.totals[SCORE]

    def parts(self, cls: PodClass) -> list[tuple[int, str, int]]:
        """What one pod of a class adds to the counts of its node: about what, by which label, how much."""
        found = self._parts.get(cls)
        if found is None:
            found = self._parts[cls] = list(self._parts_of(cls))
        return found

    def _parts_of(self, cls: PodClass) -> Any:
        if self.own_terms:
            # The new pod's namespace selectors are unrolled, so the other pod's namespace needs no labels here.
            if self.affinity and all(t.matches(cls, {}) for t in self.affinity):
                yield from ((AFFINITY, t.key, 1) for t in self.affinity)
            yield from ((ANTI_AFFINITY, t.key, 1) for t in self.anti_affinity if t.matches(cls, {}))
            yield from ((SCORE, t.key, t.weight) for t in self.preferences if t.matches(cls, {}))
        if cls.has_affinity:
            new, labels = self.pod, self.namespace_labels
            yield from ((EXISTING, t.key, 1) for t in cls.required_anti_affinity if t.matches(new, labels))
            if self.scores_existing:
                if self.plugin.hard_weight > 0:
                    yield from ((SCORE, t.key, self.plugin.hard_weight) for t in cls.required_affinity if t.matches(new, labels))
                yield from ((SCORE, t.key, t.weight) for t in cls.preferences if t.matches(new, labels))

    def filter(self, nodes: Nodes) -> Rejects:
        """Affinity first, then anti-affinity of the new pod, then that of those which are there."""
        if not self.judges:
            return
        alone: Any = nodes.yes
        if self.affinity:
            together: Any = nodes.yes
            labelled: Any = nodes.yes
            for key in dict.fromkeys(t.key for t in self.affinity):
                codes = nodes.label(key).codes
                labelled = labelled & (codes >= 0)
                together = together & (self._counts(AFFINITY, key)[codes] > 0)
            if not self.totals[AFFINITY] and self.fits_itself:
                together = labelled
            alone = together & labelled
            yield Reject("node(s) didn't match pod affinity rules", alone ^ True, resolvable=False)
        apart: Any = nodes.no
        for key in self.counts[ANTI_AFFINITY]:
            apart = apart | (self.counts[ANTI_AFFINITY][key][nodes.label(key).codes] > 0)
        yield Reject("node(s) didn't match pod anti-affinity rules", apart & alone)
        unwanted: Any = nodes.no
        for key in self.counts[EXISTING]:
            unwanted = unwanted | (self.counts[EXISTING][key][nodes.label(key).codes] > 0)
        yield Reject("node(s) didn't satisfy existing pods anti-affinity rules", unwanted & alone & (apart ^ True))

    def score(self, nodes: Nodes, feasible: Bools) -> Ints | None:
        """The sum of weights by label value, from the lowest feasible sum (0) to the highest (100)."""
        if not self.totals[SCORE]:
            return None
        raw = np.zeros(len(feasible), dtype=np.int64)
        for key, counts in self.counts[SCORE].items():
            raw += counts[nodes.label(key).codes]
        limits = np.iinfo(np.int64)
        low = int(np.min(raw, where=feasible, initial=limits.max))
        top = int(np.max(raw, where=feasible, initial=limits.min))
        if top <= low:
            return raw * 0
        return (float(MAX_NODE_SCORE) * ((raw - low) / float(top - low))).astype(np.int64)

    def landed(self, pod: PodInfo, row: int, sign: int) -> None:
        """Count it."""
        self._add(pod.cls, row, sign)
        self.judges = bool(self.affinity or self.anti_affinity or self.totals[EXISTING])

    def follow(self, entries: Iterable[tuple[int, PodInfo, int]]) -> None:
        """Without terms of its own, a pod is concerned only by those that have some."""
        super().follow(entries if self.own_terms else [e for e in entries if e[1].cls.has_affinity])

    def suppose(self, pod: PodInfo, row: int, sign: int) -> None:
        """Count it for now."""
        if self.judges:
            self._add(pod.cls, row, sign)

    def _add(self, cls: PodClass, row: int, sign: int) -> None:
        if not self.own_terms and not cls.has_affinity:
            return
        for about, key, weight in self.parts(cls):
            code = self.table.label(key).codes.item(row)
            if code >= 0:
                self._counts(about, key)[code] += sign * weight
                self.totals[about] += sign

    def _counts(self, about: int, key: str) -> Ints:
        found = self.counts[about].get(key)
        if found is None:
            found = self.counts[about][key] = np.zeros(self.table.label(key).size + 1, dtype=np.int64)
        return found


def unrolled(terms: tuple[AffinityTerm, ...], cluster: ClusterState) -> tuple[AffinityTerm, ...]:
    """A new pod's terms with the namespaces that their selectors mean now; a selector of everything stays."""

    def unroll(term: AffinityTerm) -> AffinityTerm:
        selector = term.namespace_selector
        if selector.empty or selector.nothing:
            return term
        meant = {n["metadata"]["name"] for n in cluster.list(NAMESPACE) if selector.matches(n["metadata"].get("labels") or {})}
        return term._replace(namespaces=term.namespaces | meant, namespace_selector=selectors.NOTHING)

    return tuple(map(unroll, terms))
