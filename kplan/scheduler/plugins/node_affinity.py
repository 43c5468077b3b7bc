"""Node selectors and node affinity.   Upstream: pkg/scheduler/framework/plugins/nodeaffinity."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from kplan.api.objects import Object
from kplan.scheduler import selectors
from kplan.scheduler.columns import Nodes
from kplan.scheduler.framework import Plugin, Reject, Rejected, Rejects, to_100
from kplan.scheduler.podinfo import PodClass


class NodeAffinity(Plugin):
    """Required terms reject, preferred ones score. `added`: `addedAffinity` of the plugin's arguments."""

    name = "NodeAffinity"
    weight = 2
    normalize = staticmethod(to_100)

    def __init__(self, added: Object | None = None) -> None:
        added = added or {}
        required = added.get("requiredDuringSchedulingIgnoredDuringExecution")
        self.added_required = None if required is None else selectors.node_selector(required)
        preferred = added.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        terms = ((p["weight"], selectors.node_term(p["preference"])) for p in preferred)
        self.added_preferred = tuple((weight, term) for weight, term in terms if weight and term is not None)

    def key(self, pod: PodClass) -> Hashable:
        """Node selector and node affinity."""
        key = pod.node_affinity_key
        return b"" if key is None and (self.added_required or self.added_preferred) else key

    def only(self, pod: PodClass) -> frozenset[str] | None:
        """The nodes named by metadata.name, where each term names some."""
        required = pod.node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
        found: frozenset[str] | None = None
        for term in required.get("nodeSelectorTerms") or ():
            names: frozenset[str] | None = None
            for field in term.get("matchFields") or ():
                if field["key"] == "metadata.name" and field["operator"] == "In":
                    values = frozenset(field.get("values") or ())
                    names = values if names is None else names & values
            if names is None:
                return None
            found = names if found is None else found | names
        if found is not None and not found:
            raise Rejected("pod affinity terms conflict")
        return found

    def filter(self, pod: PodClass, nodes: Nodes) -> Rejects:
        """What the scheduler adds, then what the pod requires."""
        missed: Any = nodes.no
        if self.added_required is not None:
            missed = self.added_required.match(nodes) ^ True
            yield Reject("node(s) didn't match scheduler-enforced node affinity", missed, resolvable=False)
        if pod.node_affinity_key is not None:
            mask = selectors.required_match(nodes, pod.spec.get("nodeSelector"), pod.required_nodes) ^ True
            yield Reject("node(s) didn't match Pod's node affinity/selector", mask & (missed ^ True), resolvable=False)

    def score(self, pod: PodClass, nodes: Nodes) -> Any:
        """The weights of the preferred terms that are met."""
        if "preferredDuringSchedulingIgnoredDuringExecution" not in pod.node_affinity and not self.added_preferred:
            return None
        total: Any = nodes.zero
        for weight, term in (*self.added_preferred, *pod.preferred_nodes):
            total = total + weight * selectors.term_mask(nodes, term)
        return total
