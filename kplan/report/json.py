"""For programs: a plan or findings as JSON. The contract is schemas/plan.schema.json and schemas/findings.schema.json.

What a plan holds stands in `kplan.report.plan_document`: findings are written without loading the cluster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    from kplan.excerpts import Excerpt
    from kplan.lint.findings import Findings
    from kplan.plan import Plan

LONG_LIST = 500
FORMAT_VERSION = "1.1"


def render_plan(plan: Plan, out: TextIO) -> None:
    """The plan; Secret values are masked here too."""
    from kplan.report.plan_document import plan_json

    _write(plan_json(plan), out)


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


def diagnostic_json(diagnostic: Diagnostic, excerpts: Mapping[Span, Excerpt] | None = None) -> dict[str, Any]:
    """A diagnostic; empty parts are left out."""
    found: dict[str, Any] = {"rule": diagnostic.rule, "severity": str(diagnostic.severity), "message": diagnostic.message}
    if diagnostic.ref is not None:
        found["ref"] = ref_json(diagnostic.ref)
    if diagnostic.path:
        found["path"] = diagnostic.path
    if diagnostic.span is not None:
        found["location"] = _span(diagnostic.span)
        excerpt = (excerpts or {}).get(diagnostic.span)
        if excerpt is not None:
            found["location"]["excerpt"] = {"first": excerpt.first, "lines": list(excerpt.lines)}
    if diagnostic.hint:
        found["hint"] = diagnostic.hint
    if diagnostic.related:
        found["related"] = [{"location": _span(span), "message": words} for span, words in diagnostic.related]
    return found


def _span(span: Span) -> dict[str, Any]:
    return {"file": span.file, **({"line": span.line} if span.line else {}), **({"column": span.column} if span.column else {})}


def _write(document: Any, out: TextIO) -> None:
    """Indented; of a long list, such as the pods of a large cluster, an element a line, which is written twenty times as fast."""
    if not isinstance(document, dict) or not any(isinstance(v, list) and len(v) > LONG_LIST for v in document.values()):
        json.dump(document, out, indent=2, ensure_ascii=False, sort_keys=False)
    else:
        out.write("{")
        for i, (name, value) in enumerate(document.items()):
            out.write(("," if i else "") + f"\n  {json.dumps(name)}: ")
            if isinstance(value, list) and len(value) > LONG_LIST:
                out.write("[\n    " + ",\n    ".join(json.dumps(v, ensure_ascii=False) for v in value) + "\n  ]")
            else:
                out.write(json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n  "))
        out.write("\n}")
    out.write("\n")
