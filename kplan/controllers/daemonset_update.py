"""Rolling updates of DaemonSets: old pods go first (maxUnavailable) or new ones come first (maxSurge).

Upstream: rollingUpdate in pkg/controller/daemon/update.go. Nodes are taken by name (upstream's order is that of a Go map: chance).
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api.intstr import scaled_value
from kplan.api.objects import Object
from kplan.controllers import pods
from kplan.controllers.daemonset_nodes import up_to_date
from kplan.controllers.daemonset_pods import ByNode, Step

Pair = tuple[Object | None, Object | None]


def rolling_update(step: Step) -> None:
    """Delete the old pods and create the new ones that the update strategy lets."""
    desired = sum(1 for wanted, _ in step.nodes.values() if wanted)
    by_node: ByNode = {**{node: [] for node, (wanted, _) in step.nodes.items() if wanted}, **step.by_node()}
    rolling = (step.owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    unavailable = scaled_value(rolling.get("maxUnavailable", 1), desired, True)
    surge = scaled_value(rolling.get("maxSurge") or 0, desired, True)
    if desired and not unavailable and not surge:
        unavailable = 1
    pairs = {node: _pair(step, by_node[node]) for node in sorted(by_node)}
    if surge:
        _surge(step, pairs, surge, desired)
    else:
        _replace(step, list(pairs.values()), unavailable)


def _pair(step: Step, held: Sequence[Object]) -> Pair | None:
    """(the new pod, the old pod) of a node; None where there is more than one of either.   Upstream: findUpdatedPodsOnNode."""
    new: list[Object] = []
    old: list[Object] = []
    for pod in held:
        if not pods.terminating(pod):
            (new if up_to_date(pod, step.owner, step.hash) else old).append(pod)
    if len(new) > 1 or len(old) > 1:
        return None
    return (new[0] if new else None, old[0] if old else None)


def _replace(step: Step, pairs: Sequence[Pair | None], allowed: int) -> None:
    """Delete old pods: all that are unavailable, and as many others as may be unavailable besides."""
    unavailable = 0
    broken: list[Object] = []
    candidates: list[Object] = []
    for pair in pairs:
        new, old = pair or (None, None)
        if (new is None) == (old is None):
            unavailable += 1  # none or both: seen to when pods are counted
        elif new is not None:
            unavailable += not step.available(new)
        elif old is not None and not step.available(old):
            broken.append(old)
            unavailable += 1
        elif old is not None and unavailable < allowed:
            candidates.append(old)
    step.change([], [*broken, *candidates[: max(allowed - unavailable, 0)]])


def _surge(step: Step, pairs: dict[str, Pair | None], allowed: int, desired: int) -> None:
    """Create new pods beside old ones, a few at a time; delete old pods whose new one is available."""
    surging = available = 0
    surplus: list[Object] = []
    elsewhere: list[Object] = []  # available old pods on nodes where none belongs any more
    wanted: list[str] = []
    candidates: list[str] = []
    for node, pair in pairs.items():
        if pair is None:
            surging += 1
            continue
        new, old = pair
        first = old if old is not None else new
        available += first is not None and step.available(first)
        if old is None:
            continue
        if new is not None:
            if step.available(new):
                surplus.append(old)
            else:
                surging += 1
            continue
        belongs = step.nodes.get(node)
        if belongs is None:  # the node is gone: nothing is changed until its pods are
            step.fine = False
            return
        if not belongs[0]:
            (elsewhere if step.available(old) else surplus).append(old)
        elif not step.available(old):
            wanted.append(node)
        elif surging < allowed:
            candidates.append(node)
    if available > desired:
        surplus += elsewhere[: available - desired]
    step.change([*wanted, *candidates[: max(allowed - surging, 0)]], surplus)
