"""Spread pods evenly over zones, hosts or any other label.   Upstream: pkg/scheduler/framework/plugins/podtopologyspread."""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from typing import Any

import numpy as np

from kplan.api.objects import Object
from kplan.scheduler import selectors
from kplan.scheduler.cluster_state import REPLICA_SET, REPLICATION_CONTROLLER, STATEFUL_SET, ClusterState
from kplan.scheduler.columns import Bools, Column, Ints, Nodes
from kplan.scheduler.framework import MAX_NODE_SCORE, Check, ClusterPlugin, Reject, Rejects
from kplan.scheduler.node_table import NodeTable
from kplan.scheduler.plugins.taint_toleration import has_untolerated
from kplan.scheduler.pod_terms import Spread, spread_constraints
from kplan.scheduler.podinfo import HOSTNAME, PodClass, PodInfo
from kplan.scheduler.selectors import Selector

SYSTEM_DEFAULTS: tuple[Object, ...] = (
    {"topologyKey": HOSTNAME, "maxSkew": 3, "whenUnsatisfiable": "ScheduleAnyway"},
    {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 5, "whenUnsatisfiable": "ScheduleAnyway"},
)
OWNERS = {
    ("v1", "ReplicationController"): REPLICATION_CONTROLLER,
    ("apps/v1", "ReplicaSet"): REPLICA_SET,
    ("apps/v1", "StatefulSet"): STATEFUL_SET,
}


class PodTopologySpread(ClusterPlugin):
    """`defaults`: constraints for pods without any (None: the system's)."""

    name = "PodTopologySpread"
    weight = 2

    def __init__(self, defaults: Iterable[Object] | None = None) -> None:
        self.system_defaulted = defaults is None
        self.defaults = tuple(SYSTEM_DEFAULTS if defaults is None else defaults)

    def prepare(self, pod: PodInfo, cluster: ClusterState) -> Check | None:
        """Counts for the pod's own constraints, or for the default ones where something selects or owns it."""
        cls = pod.cls
        own = bool(cls.spec.get("topologySpreadConstraints"))
        hard, soft = cls.spread
        if not own:
            if not self.defaults:
                return None
            selector = default_selector(cls, cluster)
            if selector.empty:
                return None
            hard, soft = (tuple(c._replace(selector=selector) for c in found) for found in spread_constraints(self.defaults, cls.labels))
        if not hard and not soft:
            return None
        return SpreadCheck(cls, hard, soft, cluster.table, strict=own or not self.system_defaulted)


def default_selector(pod: PodClass, cluster: ClusterState) -> Selector:
    """What the Services that select a pod, and the workload that owns it, select.   Upstream: helper.DefaultSelector."""
    labels: dict[str, str] = {}
    for service in cluster.services(pod.namespace):
        wanted = service["spec"]["selector"]
        if wanted.items() <= pod.labels.items():
            labels.update(wanted)
    owner = pod.controller
    kind = OWNERS.get(owner[:2]) if owner else None
    workload = cluster.get(kind, pod.namespace, owner[2]) if owner and kind else None
    if workload is None:
        return selectors.of_labels(labels)
    selector = (workload.get("spec") or {}).get("selector")
    if kind == REPLICATION_CONTROLLER:
        return selectors.of_labels({**labels, **(selector or {})})
    others = selectors.of_label_selector(selector)
    return selectors.of_labels(labels) if others.nothing else selectors.of_labels(labels).plus(others)


class Domains:
    """One constraint's counts: pods on each node, pods in each domain (of the nodes that count)."""

    def __init__(self, constraint: Spread, pod: PodClass, table: NodeTable, eligible: Bools) -> None:
        self.constraint = constraint
        self.column = table.label(constraint.key)
        self.own = int(constraint.selector.matches(pod.labels))
        self.namespace = pod.namespace
        self.eligible = eligible
        self.on_node = table.zero.copy()
        self._matches: dict[PodClass, bool] = {}
        for cls in table.placed_like(constraint.selector):
            if self.counts(cls):
                rows = table.placed[cls]
                self.on_node[list(rows)] += np.fromiter(rows.values(), dtype=np.int64, count=len(rows))
        size = self.column.size + 1
        codes = self.column.codes[eligible] % size
        self.in_domain = np.bincount(codes, weights=self.on_node[eligible], minlength=size)[:size].astype(np.int64)
        self.in_domain[-1] = 0
        self.present = np.zeros(size, dtype=np.bool_)
        self.present[codes] = True
        self.present[-1] = False
        self.number = int(self.present.sum())
        self.all_present = self.number == size - 1

    def counts(self, cls: PodClass) -> bool:
        """Whether pods of a class are counted: same namespace, selected, not on their way out."""
        found = self._matches.get(cls)
        if found is None:
            selector = self.constraint.selector
            found = not selector.empty and not cls.terminating and cls.namespace == self.namespace and selector.matches(cls.labels)
            self._matches[cls] = found
        return found

    def add(self, row: int, number: int) -> None:
        """So many pods more on a node."""
        self.on_node[row] += number
        if self.eligible[row]:
            self.in_domain[self.column.codes[row]] += number

    def lowest(self) -> int:
        """The smallest count of a domain; 0 while there are fewer domains than wanted."""
        if self.number < self.constraint.min_domains:
            return 0
        if not self.number:
            return 2**31 - 1
        counts = self.in_domain[:-1]
        return int(counts.min() if self.all_present else counts[self.present[:-1]].min())


class SpreadCheck(Check):
    """One pod's constraints. `strict`: only nodes that have all the labels count."""

    name = PodTopologySpread.name
    weight = PodTopologySpread.weight
    lasting = True

    def __init__(self, pod: PodClass, hard: tuple[Spread, ...], soft: tuple[Spread, ...], table: NodeTable, strict: bool) -> None:
        self.pod = pod
        self.strict = strict
        honored = {
            (affinity, taints): eligible_nodes(pod, table, affinity, taints)
            for affinity, taints in {(c.honor_affinity, c.honor_taints) for c in (*hard, *soft)}
        }
        self.has_hard_keys = has_labels(table, hard)
        self.has_soft_keys = has_labels(table, soft) if strict else table.yes
        self.hard = [Domains(c, pod, table, honored[c.honor_affinity, c.honor_taints] & self.has_hard_keys) for c in hard]
        self.soft = [Domains(c, pod, table, honored[c.honor_affinity, c.honor_taints] & self.has_soft_keys) for c in soft]

    def filter(self, nodes: Nodes) -> Rejects:
        """Constraint by constraint: no such label, or too many more than in the emptiest domain."""
        alive: Any = nodes.yes
        missing: Any = nodes.no
        uneven: Any = nodes.no
        for domains in self.hard:
            codes = nodes.label(domains.constraint.key).codes
            has_label = codes >= 0
            missing = missing | (alive & (has_label ^ True))
            alive = alive & has_label
            most = domains.constraint.max_skew - domains.own + domains.lowest()
            full = domains.in_domain[codes] > most
            uneven = uneven | (alive & full)
            alive = alive & (full ^ True)
        if self.hard:
            yield Reject("node(s) didn't match pod topology spread constraints (missing required label)", missing, resolvable=False)
            yield Reject("node(s) didn't match pod topology spread constraints", uneven)

    def score(self, nodes: Nodes, feasible: Bools) -> Ints | None:
        """Fewer pods in the domain are better; small topologies weigh more."""
        if not self.soft:
            return None
        scored = feasible & self.has_soft_keys
        number = int(np.count_nonzero(scored))
        total: Any = 0.0
        for domains in self.soft:
            column = domains.column
            if domains.constraint.key == HOSTNAME:
                size, counts = number, domains.on_node
            else:
                size = column.size if number == len(scored) and not column.partial else distinct(column, scored)
                counts = domains.in_domain[column.codes]
            part = counts * log(size + 2) + (domains.constraint.max_skew - 1)
            total = total + (np.where(column.codes >= 0, part, 0.0) if column.partial and not self.strict else part)
        raw: Ints = (total + 0.5).astype(np.int64)
        among = raw if number == len(raw) else raw[scored]
        top = int(among.max()) if number else 0
        if not top:
            return scored * MAX_NODE_SCORE
        low = int(among.min())
        if top - low < number:
            by_raw = MAX_NODE_SCORE * (top + low - np.arange(low, top + 1)) // top
            return by_raw.take(raw - low, mode="clip") * scored
        found: Ints = MAX_NODE_SCORE * (top + low - raw) // top * scored
        return found

    def landed(self, pod: PodInfo, row: int, sign: int) -> None:
        """Count it."""
        for domains in (*self.hard, *self.soft):
            if domains.counts(pod.cls):
                domains.add(row, sign)

    def suppose(self, pod: PodInfo, row: int, sign: int) -> None:
        """Upstream counts here what it leaves out above: pods on their way out, and selectors that are empty."""
        cls = pod.cls
        if cls.namespace != self.pod.namespace or not self.has_hard_keys[row]:
            return
        for domains in self.hard:
            if domains.eligible[row] and domains.constraint.selector.matches(cls.labels):
                domains.in_domain[domains.column.codes[row]] += sign


def distinct(column: Column, rows: Bools) -> int:
    """How many values some rows have; to have none is one."""
    seen = np.zeros(column.size + 1, dtype=np.bool_)
    seen[column.codes[rows]] = True
    return int(np.count_nonzero(seen))


def has_labels(table: NodeTable, constraints: tuple[Spread, ...]) -> Bools:
    """The nodes that have all the labels."""
    found = table.yes
    for constraint in constraints:
        found = found & (table.label(constraint.key).codes >= 0)
    return found


def eligible_nodes(pod: PodClass, table: NodeTable, affinity: bool, taints: bool) -> Bools:
    """The nodes whose pods count, by nodeAffinityPolicy and nodeTaintsPolicy."""
    found: Bools = table.yes
    if affinity:
        found = found & selectors.required_match(table, pod.spec.get("nodeSelector"), pod.required_nodes)
    if taints:
        found = found & (table.taints.map(lambda held: has_untolerated(held, pod.tolerations)) ^ True)
    return found
