"""What plan.json holds: summary, changes, pods, findings, events, nodes and the graph. Its contract is schemas/plan.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplan.api.ref import Ref
from kplan.diff import Change, FieldChange, masked
from kplan.graph import Edge
from kplan.picture import NodeUse, Picture, Place, PodPlaces
from kplan.report.impact_document import impact_json
from kplan.report.json import diagnostic_json, ref_json
from kplan.report.standing import forcing

if TYPE_CHECKING:
    from kplan.plan import Plan

FORMAT_VERSION = "1.3"


def plan_json(plan: Plan) -> dict[str, Any]:
    """All of it; Secret values are masked here too."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kubernetesVersion": plan.version,
        "ok": plan.ok,
        "summary": {
            "text": plan.summary,
            "create": plan.count("create"),
            "update": plan.count("update"),
            "replace": plan.count("replace"),
            "delete": plan.count("delete"),
            "rejected": len(plan.rejected),
            "unchanged": plan.unchanged,
            "pods": {"running": plan.running, "pending": plan.pending, "failed": plan.failed},
        },
        "clock": {"started": plan.started, "ended": plan.ended, "elapsed": plan.elapsed},
        "notes": list(plan.notes),
        "stated": [ref_json(r) for r in plan.stated],
        "changes": [_change(c, plan) for c in plan.changes],
        "workloads": [
            {"ref": ref_json(ref), "pods": summary.states, "nodes": summary.nodes, "reasons": list(summary.reasons)} for ref, summary in plan.pods.items()
        ],
        "rejected": [ref_json(r) for r in plan.rejected],
        "leftOut": [ref_json(r) for r in plan.left_out],
        "diagnostics": [diagnostic_json(d, plan.excerpts) for d in plan.diagnostics],
        "events": [_event(e) for e in plan.events],
        "nodes": [_node(n) for n in plan.picture.nodes],
        "pods": [_pod(p) for p in plan.picture.pods],
        "graph": _graph(plan.picture),
        "impact": impact_json(plan),
    }


def _change(change: Change, plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = {"ref": ref_json(change.ref), "action": change.action}
    if change.cause is not None:
        found["cause"] = ref_json(change.cause)
    if change.fields:
        forced = forcing(change, plan)
        found["fields"] = [_field(f, f.path in forced) for f in change.fields]
    for name, obj in (("before", change.before), ("after", change.after)):
        if obj is not None:
            meta = obj["metadata"]
            bare = {**obj, "metadata": {k: v for k, v in meta.items() if k != "managedFields"}} if "managedFields" in meta else obj
            found[name] = masked(bare)
    return found


def _field(field: FieldChange, forced: bool) -> dict[str, Any]:
    marks = {"masked": field.masked, "forcesReplacement": forced}
    return {"path": field.path, "before": field.before, "after": field.after, **{k: v for k, v in marks.items() if v}}


def _event(event: dict[str, Any]) -> dict[str, Any]:
    about = event["involvedObject"]
    ref = {k: about[k] for k in ("apiVersion", "kind", "namespace", "name") if about.get(k)}
    return {"time": event["time"], "type": event["type"], "reason": event["reason"], "object": ref, "message": event["message"]}


def _node(node: NodeUse) -> dict[str, Any]:
    found: dict[str, Any] = {"name": node.name, "allocatable": node.allocatable, "before": node.before, "after": node.after}
    if node.zone:
        found["zone"] = node.zone
    if node.marks:
        found["marks"] = list(node.marks)
    return found


def _pod(pod: PodPlaces) -> dict[str, Any]:
    owner = {"owner": ref_json(pod.owner)} if pod.owner is not None else {}
    places = {"before": _place(pod.before), "after": _place(pod.after)}
    return {"ref": ref_json(pod.ref), **owner, "requests": pod.requests, **places, **({"replaced": True} if pod.replaced else {})}


def _place(place: Place | None) -> dict[str, str] | None:
    return {k: v for k, v in (("node", place.node), ("state", place.state), ("reason", place.reason)) if v} if place is not None else None


def _graph(picture: Picture) -> dict[str, Any]:
    """Objects, and edges that name them by their places in that list."""
    objects = sorted({r for e in picture.edges for r in (e.source, e.target) if r is not None})
    at = {ref: i for i, ref in enumerate(objects)}
    return {"objects": [ref_json(r) for r in objects], "edges": [_edge(e, at) for e in picture.edges]}


def _edge(edge: Edge, at: dict[Ref, int]) -> dict[str, Any]:
    found: dict[str, Any] = {"source": at[edge.source], "kind": edge.kind, "path": edge.path}
    if edge.target is not None:
        found["target"] = at[edge.target]
    elif edge.reference is not None:
        wanted = edge.reference
        found["missing"] = {"kind": wanted.kind, "namespace": wanted.namespace, "name": wanted.name, "key": wanted.key}
        found["missing"] = {k: v for k, v in found["missing"].items() if v}
        if wanted.selects is not None:
            found["missing"]["selector"] = wanted.selects
        if wanted.optional:
            found["optional"] = True
    return found
