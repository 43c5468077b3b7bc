"""What pods say about other pods: affinity terms and topology spread constraints, ready to match and to count.

Upstream: AffinityTerm of staging/src/k8s.io/kube-scheduler/framework/types.go, podtopologyspread/common.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kplan.scheduler import selectors
from kplan.scheduler.selectors import Selector

if TYPE_CHECKING:
    from kplan.scheduler.podinfo import PodClass


class AffinityTerm(NamedTuple):
    """A pod (anti-)affinity term ready to match.   Upstream: framework.AffinityTerm."""

    key: str
    selector: Selector
    namespaces: frozenset[str]
    namespace_selector: Selector
    weight: int = 0

    def matches(self, pod: PodClass, namespace_labels: selectors.Labels) -> bool:
        """Whether it means a pod, given the labels of the pod's namespace."""
        if pod.namespace not in self.namespaces and not self.namespace_selector.matches(namespace_labels):
            return False
        return self.selector.matches(pod.labels)


class Spread(NamedTuple):
    """A topology spread constraint ready to count."""

    key: str
    max_skew: int
    selector: Selector
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False


def spread_constraints(constraints: Any, labels: dict[str, str]) -> tuple[tuple[Spread, ...], tuple[Spread, ...]]:
    """Constraints in JSON as (DoNotSchedule, ScheduleAnyway), matchLabelKeys merged in."""
    found: dict[str, list[Spread]] = {"DoNotSchedule": [], "ScheduleAnyway": []}
    for c in constraints:
        selector = selectors.of_label_selector(c.get("labelSelector"))
        same = {key: labels[key] for key in c.get("matchLabelKeys") or () if key in labels}
        if same and not selector.nothing:
            selector = selectors.of_labels(same).plus(selector)
        min_domains = c.get("minDomains")
        found[c["whenUnsatisfiable"]].append(
            Spread(
                c["topologyKey"], c["maxSkew"], selector, 1 if min_domains is None else min_domains,
                c.get("nodeAffinityPolicy") != "Ignore", c.get("nodeTaintsPolicy") == "Honor",
            )
        )  # fmt: skip
    return tuple(found["DoNotSchedule"]), tuple(found["ScheduleAnyway"])
