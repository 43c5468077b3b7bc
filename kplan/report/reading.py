"""A saved plan (`kplan plan --format json`) read again, so that every format can draw it without the manifests."""

from __future__ import annotations

import json
from typing import Any

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.diff import Change, FieldChange
from kplan.excerpts import Excerpt
from kplan.graph import Edge
from kplan.kinds import Reference
from kplan.picture import NodeUse, Picture, Place, PodPlaces
from kplan.plan import Plan, PodSummary
from kplan.questions.blast import Blast
from kplan.report.impact_document import blast_of, rollouts_of
from kplan.report.several import Named

Json = dict[str, Any]
MAJOR = "1."


class NotAPlanError(ValueError):
    """The text is no plan, or one of a format that is not known."""


def read_plan(text: str | bytes) -> Plan:
    """The plan that a JSON text holds. It has no whole states, and all that reports draw."""
    return _whole(_document(text))


def read_plans(text: str | bytes) -> list[Named]:
    """The plan, or the several of one run, that a JSON text holds."""
    document = _document(text)
    several = document.get("plans")
    if not isinstance(several, list):
        return [Named("", "", _whole(document))]
    if not all(isinstance(p, dict) and isinstance(p.get("plan"), dict) for p in several) or not several:
        raise NotAPlanError("not a plan: kplan plan --format json writes one")
    return [Named(str(p.get("environment", p.get("name", ""))), str(p.get("version", "")), _whole(p["plan"])) for p in several]


def _document(text: str | bytes) -> Json:
    try:
        document = json.loads(text)
    except UnicodeDecodeError:
        raise NotAPlanError("not JSON: it is no text") from None
    except (ValueError, RecursionError) as error:
        raise NotAPlanError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise NotAPlanError("not a plan: kplan plan --format json writes one")
    return document


def _whole(document: Json) -> Plan:
    version = document.get("formatVersion")
    if not isinstance(version, str) or "kubernetesVersion" not in document:
        raise NotAPlanError("not a plan: kplan plan --format json writes one")
    if not version.startswith(MAJOR):
        raise NotAPlanError(f"its format is {version}: {MAJOR}x can be read")
    try:
        return _plan(document)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise NotAPlanError(f"not a whole plan: {type(error).__name__}: {error}") from None


def _plan(document: Json) -> Plan:
    summary, clock = document["summary"], document.get("clock") or {}
    diagnostics, excerpts = [], {}
    for entry in document["diagnostics"]:
        diagnostics.append(_diagnostic(entry))
        shown, span = (entry.get("location") or {}).get("excerpt"), diagnostics[-1].span
        if shown is not None and span is not None:
            excerpts[span] = Excerpt(shown["first"], tuple(shown["lines"]))
    return Plan(
        version=document["kubernetesVersion"],
        notes=tuple(document["notes"]),
        changes=tuple(_change(c) for c in document["changes"]),
        diagnostics=tuple(diagnostics),
        stated=tuple(_ref(r) for r in document.get("stated") or ()),
        rejected=tuple(_ref(r) for r in document["rejected"]),
        left_out=tuple(_ref(r) for r in document.get("leftOut") or ()),
        pods={_ref(w["ref"]): PodSummary(w["pods"], w["nodes"], tuple(w["reasons"])) for w in document["workloads"]},
        running=summary["pods"]["running"],
        pending=summary["pods"]["pending"],
        failed=summary["pods"]["failed"],
        unchanged=summary["unchanged"],
        elapsed=clock.get("elapsed", 0.0),
        events=tuple(_event(e) for e in document["events"]),
        started=clock.get("started", ""),
        ended=clock.get("ended", ""),
        excerpts=excerpts,
        drawn=_picture(document),
        blast=blast_of(document["impact"]) if "impact" in document else Blast(),
        rollouts=rollouts_of(document["impact"]) if "impact" in document else (),
    )


def _ref(entry: Json) -> Ref:
    return Ref(entry.get("group", ""), entry["kind"], entry.get("namespace", ""), entry.get("name", ""))


def _span(entry: Json) -> Span:
    return Span(entry["file"], entry.get("line", 0), entry.get("column", 0))


def _diagnostic(entry: Json) -> Diagnostic:
    return Diagnostic(
        rule=entry["rule"],
        severity=Severity[entry["severity"].upper()],
        message=entry["message"],
        ref=_ref(entry["ref"]) if "ref" in entry else None,
        path=entry.get("path", ""),
        span=_span(entry["location"]) if "location" in entry else None,
        hint=entry.get("hint", ""),
        related=tuple((_span(r["location"]), r["message"]) for r in entry.get("related") or ()),
    )


def _change(entry: Json) -> Change:
    fields = tuple(FieldChange(f["path"], f["before"], f["after"], f.get("masked", False)) for f in entry.get("fields") or ())
    cause = _ref(entry["cause"]) if "cause" in entry else None
    return Change(_ref(entry["ref"]), entry["action"], fields, entry.get("before"), entry.get("after"), cause)


def _event(entry: Json) -> Json:
    told = {k: v for k, v in entry.items() if k != "object"}
    return {**told, "involvedObject": entry["object"]}


def _picture(document: Json) -> Picture:
    graph = document.get("graph") or {"objects": (), "edges": ()}
    objects = [_ref(r) for r in graph["objects"]]
    return Picture(
        tuple(_node(n) for n in document.get("nodes") or ()),
        tuple(_pod(p) for p in document.get("pods") or ()),
        tuple(_edge(e, objects) for e in graph["edges"]),
    )


def _node(entry: Json) -> NodeUse:
    return NodeUse(entry["name"], entry["allocatable"], entry["before"], entry["after"], entry.get("zone", ""), tuple(entry.get("marks") or ()))


def _pod(entry: Json) -> PodPlaces:
    owner = _ref(entry["owner"]) if "owner" in entry else None
    return PodPlaces(_ref(entry["ref"]), owner, entry["requests"], _place(entry["before"]), _place(entry["after"]), entry.get("replaced", False))


def _place(entry: Json | None) -> Place | None:
    return Place(entry.get("node", ""), entry["state"], entry.get("reason", "")) if entry is not None else None


def _edge(entry: Json, objects: list[Ref]) -> Edge:
    wanted, reference = entry.get("missing"), None
    if wanted is not None:
        name, namespace, key = (wanted.get(k, "") for k in ("name", "namespace", "key"))
        reference = Reference(entry["path"], wanted["kind"], namespace, name, key, entry.get("optional", False), wanted.get("selector"))
    target = objects[entry["target"]] if "target" in entry else None
    return Edge(objects[entry["source"]], target, entry["kind"], entry["path"], reference)


__all__ = ["NotAPlanError", "read_plan", "read_plans"]
