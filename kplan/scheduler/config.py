"""KubeSchedulerConfiguration: profiles, which plugins take part, with what weight and arguments.

Upstream: pkg/scheduler/apis/config. Plugins that are not upstream's default ones are named in a diagnostic and left out, as are
extenders; percentageOfNodesToScore has no effect because all nodes are scored. A plugin is asked at all its extension points or at none:
disabled for Filter it takes no part at all, disabled for Score it only filters, disabled for PreFilter or PreScore it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.api.objects import Object
from kplan.diagnostics import Diagnostic, Severity
from kplan.scheduler.framework import ClusterPlugin, Plugin, Rejected
from kplan.scheduler.plugins import PLUGINS
from kplan.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kplan.scheduler.plugins.node_affinity import NodeAffinity
from kplan.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kplan.scheduler.plugins.node_resources_fit import fit_from_args
from kplan.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kplan.scheduler.podinfo import PodClass
from kplan.scheduler.ranking import Rankings, Weighted

DEFAULT_NAME = "default-scheduler"
ELSEWHERE = ("SchedulingGates", "DefaultPreemption", "PrioritySort", "DefaultBinder")
"""Default plugins that are no plugins here."""

POINTS = ("multiPoint", "preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve", "permit", "preBind", "bind", "postBind")


def _balanced(args: Object) -> Plugin:
    resources = tuple((r["name"], r.get("weight") or 1) for r in args.get("resources") or ())
    return NodeResourcesBalancedAllocation(resources) if resources else NodeResourcesBalancedAllocation()


def _affinity(args: Object) -> ClusterPlugin:
    weight = args.get("hardPodAffinityWeight")
    return InterPodAffinity(1 if weight is None else weight, bool(args.get("ignorePreferredTermsOfExistingPods")))


def _spread(args: Object) -> ClusterPlugin:
    defaults = args.get("defaultConstraints")
    return PodTopologySpread(defaults or ()) if args.get("defaultingType") == "List" else PodTopologySpread()


FROM_ARGS: dict[str, Callable[[Object], Plugin | ClusterPlugin]] = {
    "NodeResourcesFit": fit_from_args,
    "NodeResourcesBalancedAllocation": _balanced,
    "InterPodAffinity": _affinity,
    "PodTopologySpread": _spread,
    "NodeAffinity": lambda args: NodeAffinity(args.get("addedAffinity")),
}


class Profile:
    """The plugins of one scheduler name in order, with weights, and the rankings that they share."""

    def __init__(self, plugins: Iterable[Weighted], elsewhere: Iterable[str] = ELSEWHERE) -> None:
        self.plugins = tuple(plugins)
        self.rankings = Rankings(self.plugins)
        self._order = {plugin.name: number for number, (plugin, _) in enumerate(self.plugins)}
        self._elsewhere = frozenset(elsewhere)
        self._restricting = [p for p, _ in self.plugins if isinstance(p, NodeAffinity)]

    def has(self, name: str) -> bool:
        """Whether a plugin takes part."""
        return name in self._order or name in self._elsewhere

    def before(self, one: str, other: str) -> bool:
        """Whether a plugin comes before another."""
        return self._order.get(one, 0) < self._order.get(other, 0)

    def restricts(self, pod: PodClass) -> bool:
        """Whether a pod names the nodes that alone come into question, or contradicts itself there."""
        if not pod.node_affinity:
            return False
        try:
            return any(p.only(pod) is not None for p in self._restricting)
        except Rejected:
            return True


def read_config(config: Object | None) -> tuple[dict[str, Profile], list[Diagnostic]]:
    """The profiles by scheduler name, and what was left out."""
    diagnostics: list[Diagnostic] = []
    profiles = {}
    for given in (config or {}).get("profiles") or [{}]:
        name = given.get("schedulerName") or DEFAULT_NAME
        profiles[name] = _profile(name, given, diagnostics)
    if (config or {}).get("extenders"):
        diagnostics.append(_left_out("extenders are not simulated"))
    return profiles, diagnostics


def _profile(name: str, given: Object, diagnostics: list[Diagnostic]) -> Profile:
    args = {entry["name"]: entry.get("args") or {} for entry in given.get("pluginConfig") or ()}
    known = [p.name for p in PLUGINS]
    weights = {p.name: p.weight for p in PLUGINS}
    off: set[str] = set()
    points: dict[str, Any] = given.get("plugins") or {}
    for point in POINTS:
        sets = points.get(point) or {}
        disabled = {entry["name"] for entry in sets.get("disabled") or ()}
        enabled = {entry["name"]: entry.get("weight") or 0 for entry in sets.get("enabled") or ()}
        disabled = {*known, *ELSEWHERE} if "*" in disabled else disabled
        if point == "score":
            weights.update({n: 0 for n in disabled if n in weights})
        elif point in ("multiPoint", "filter", "postFilter", "preEnqueue"):
            off |= disabled - set(enabled)
        off -= set(enabled)
        if point in ("multiPoint", "score"):
            weights.update({n: weight or 1 for n, weight in enabled.items() if n in weights})
        for unknown in sorted((disabled | set(enabled)) - set(known) - set(ELSEWHERE)):
            diagnostics.append(_left_out(f"plugin {unknown!r} of profile {name!r} is not simulated and left out"))
    plugins: list[Weighted] = []
    for cls in PLUGINS:
        if cls.name not in off:
            make = FROM_ARGS.get(cls.name)
            plugins.append((make(args[cls.name]) if make and cls.name in args else cls(), weights[cls.name]))
    return Profile(plugins, (n for n in ELSEWHERE if n not in off))


def _left_out(what: str) -> Diagnostic:
    return Diagnostic("scheduler/config", Severity.WARNING, what)
