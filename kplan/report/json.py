"""For programs: a plan or findings as JSON. The contract is schemas/plan.schema.json and schemas/findings.schema.json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Span
from kplan.diff import Change, masked

if TYPE_CHECKING:
    from kplan.lint.engine import Findings
    from kplan.plan import Plan

FORMAT_VERSION = "1.0"


def render_plan(plan: Plan, out: TextIO) -> None:
    """The plan; Secret values are masked here too."""
    document = {
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
        "notes": list(plan.notes),
        "changes": [_change(c) for c in plan.changes],
        "workloads": [
            {"ref": ref_json(ref), "pods": summary.states, "nodes": summary.nodes, "reasons": list(summary.reasons)} for ref, summary in plan.pods.items()
        ],
        "rejected": [ref_json(r) for r in plan.rejected],
        "diagnostics": [diagnostic_json(d) for d in plan.diagnostics],
        "events": [_event(e) for e in plan.events],
    }
    _write(document, out)


def render_findings(findings: Findings, out: TextIO) -> None:
    """What linting found."""
    _write(
        {
            "formatVersion": FORMAT_VERSION,
            "summary": {"objects": findings.objects, "kinds": findings.kinds},
            "diagnostics": [diagnostic_json(d) for d in findings.diagnostics],
        },
        out,
    )


def ref_json(ref: Ref) -> dict[str, str]:
    """A ref; group and namespace only where there is one."""
    return {k: v for k, v in ref._asdict().items() if v}


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic; empty parts are left out."""
    found: dict[str, Any] = {"rule": diagnostic.rule, "severity": str(diagnostic.severity), "message": diagnostic.message}
    if diagnostic.ref is not None:
        found["ref"] = ref_json(diagnostic.ref)
    if diagnostic.path:
        found["path"] = diagnostic.path
    if diagnostic.span is not None:
        found["location"] = _span(diagnostic.span)
    if diagnostic.hint:
        found["hint"] = diagnostic.hint
    if diagnostic.related:
        found["related"] = [{"location": _span(span), "message": words} for span, words in diagnostic.related]
    return found


def _span(span: Span) -> dict[str, Any]:
    return {"file": span.file, **({"line": span.line} if span.line else {}), **({"column": span.column} if span.column else {})}


def _change(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"ref": ref_json(change.ref), "action": change.action}
    if change.cause is not None:
        found["cause"] = ref_json(change.cause)
    if change.fields:
        found["fields"] = [{"path": f.path, "before": f.before, "after": f.after, **({"masked": True} if f.masked else {})} for f in change.fields]
    for name, obj in (("before", change.before), ("after", change.after)):
        if obj is not None:
            found[name] = masked(obj)
    return found


def _event(event: dict[str, Any]) -> dict[str, Any]:
    about = event["involvedObject"]
    ref = {k: about[k] for k in ("apiVersion", "kind", "namespace", "name") if about.get(k)}
    return {"time": event["time"], "type": event["type"], "reason": event["reason"], "object": ref, "message": event["message"]}


def _write(document: Any, out: TextIO) -> None:
    json.dump(document, out, indent=2, ensure_ascii=False, sort_keys=False)
    out.write("\n")
