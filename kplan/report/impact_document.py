"""`impact` of plan.json: the blast radius and the rollouts, written and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplan.api.ref import Ref
from kplan.questions.blast import Blast, Budget, Cause, Restart
from kplan.questions.configuration import Stale
from kplan.questions.endpoints import EndpointChange
from kplan.questions.returning import Barred
from kplan.questions.rollout import Rollout, Step
from kplan.questions.traffic import RouteChange, TrafficChange
from kplan.questions.volumes import VolumeChange

if TYPE_CHECKING:
    from kplan.plan import Plan

Json = dict[str, Any]
MOST_STEPS = 400


def impact_json(plan: Plan) -> Json:
    """All of it; of long rollouts some steps, among them the first, the lowest, the highest and the last."""
    blast = plan.blast
    return {
        "restarts": [_restart(r) for r in blast.restarts],
        "configuration": [_stale(s) for s in blast.stale],
        "services": [_endpoints(s) for s in blast.services],
        "volumes": [{"ref": _ref(v.ref), "action": v.action, "detail": v.detail} for v in blast.volumes],
        "budgets": [{"ref": _ref(b.ref), "pods": b.pods, "desired": b.desired} for b in blast.budgets],
        "rollouts": [_rollout(r) for r in plan.rollouts],
        "routes": [_route(r) for r in blast.routes],
        "barred": [{"ref": _ref(b.ref), "pods": b.pods, "reason": b.reason} for b in blast.barred],
        "traffic": [
            {"target": t.target, "port": t.port, "sources": list(t.sources), "allowed": t.allowed, "reason": t.reason} for t in blast.traffic
        ],
    }


def blast_of(document: Json) -> Blast:
    """The blast radius that `impact` holds."""
    return Blast(
        restarts=tuple(
            Restart(_named(r["ref"]), r["replaced"], r["removed"], r["kept"], tuple(_cause_of(c) for c in r["causes"]), r.get("whyKept", ""))
            for r in document["restarts"]
        ),
        stale=tuple(
            Stale(_named(s["source"]), _named(s["ref"]), tuple(s["keys"]), s["env"], s["files"], s["fixed"], s.get("deleted", False))
            for s in document["configuration"]
        ),
        services=tuple(
            EndpointChange(_named(s["ref"]), s["before"], s["after"], s["lowest"], s["fewerFor"], s["noneFor"]) for s in document["services"]
        ),
        volumes=tuple(VolumeChange(_named(v["ref"]), v["action"], v["detail"]) for v in document["volumes"]),
        budgets=tuple(Budget(_named(b["ref"]), b["pods"], b["desired"]) for b in document["budgets"]),
        routes=tuple(_route_of(r) for r in document.get("routes") or ()),
        barred=tuple(Barred(_named(b["ref"]), b["pods"], b["reason"]) for b in document.get("barred") or ()),
        traffic=tuple(TrafficChange(t["target"], t["port"], tuple(t["sources"]), t["allowed"], t["reason"]) for t in document.get("traffic") or ()),
    )


def rollouts_of(document: Json) -> tuple[Rollout, ...]:
    """The rollouts that `impact` holds."""
    return tuple(_rollout_of(r) for r in document["rollouts"])


def _rollout_of(entry: Json) -> Rollout:
    steps = tuple(Step(**s) for s in entry["steps"])
    stuck, remedies, squeezed = entry.get("stuck", ""), tuple(entry.get("remedies") or ()), entry.get("squeezed", "")
    return Rollout(_named(entry["ref"]), entry["strategy"], steps, entry["done"], stuck, remedies, squeezed)


def _ref(ref: Ref) -> Json:
    return {k: v for k, v in ref._asdict().items() if v}


def _named(entry: Json) -> Ref:
    return Ref(entry.get("group", ""), entry["kind"], entry.get("namespace", ""), entry.get("name", ""))


def _restart(restart: Restart) -> Json:
    found = {"ref": _ref(restart.ref), "replaced": restart.replaced, "removed": restart.removed, "kept": restart.kept}
    return {**found, "causes": [_cause(c) for c in restart.causes], **({"whyKept": restart.why_kept} if restart.why_kept else {})}


def _cause(cause: Cause) -> Json:
    return {"words": cause.words} if cause.words else {"path": cause.path, "before": cause.before, "after": cause.after}


def _cause_of(entry: Json) -> Cause:
    return Cause(entry.get("path", ""), entry.get("before"), entry.get("after"), entry.get("words", ""))


def _stale(stale: Stale) -> Json:
    found = {"source": _ref(stale.source), "ref": _ref(stale.ref), "keys": list(stale.keys), "env": stale.env, "files": stale.files, "fixed": stale.fixed}
    return {**found, **({"deleted": True} if stale.deleted else {})}


def _endpoints(change: EndpointChange) -> Json:
    counts = {"before": change.before, "after": change.after, "lowest": change.lowest}
    return {"ref": _ref(change.ref), **counts, "fewerFor": change.fewer_for, "noneFor": change.none_for}


def _route(route: RouteChange) -> Json:
    ready = {"beforeReady": route.before_ready, "afterReady": route.after_ready}
    return {"ref": _ref(route.ref), "route": route.route, "before": route.before, "after": route.after, **ready, "problem": route.problem}


def _route_of(entry: Json) -> RouteChange:
    ready = entry["beforeReady"], entry["afterReady"]
    return RouteChange(_named(entry["ref"]), entry["route"], entry["before"], entry["after"], *ready, entry.get("problem", ""))


def _rollout(course: Rollout) -> Json:
    found = {"ref": _ref(course.ref), "strategy": course.strategy, "done": course.done, "lowest": course.lowest.ready, "peak": course.peak.pods}
    if course.stuck:
        found |= {"stuck": course.stuck, "remedies": list(course.remedies)}
    if course.squeezed:
        found["squeezed"] = course.squeezed
    return {**found, "steps": [s._asdict() for s in thinned(course.steps)]}


def thinned(steps: tuple[Step, ...]) -> list[Step]:
    """At most so many of the steps, evenly, with the first, the lowest, the highest and the last."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    kept = {0, 1, len(steps) - 1, min(range(len(steps)), key=lambda i: steps[i].ready), max(range(len(steps)), key=lambda i: steps[i].pods)}
    kept |= {i * len(steps) // MOST_STEPS for i in range(MOST_STEPS)}
    return [steps[i] for i in sorted(kept)]


__all__ = ["blast_of", "impact_json", "rollouts_of", "thinned"]
