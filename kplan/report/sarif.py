"""SARIF 2.1.0, for code scanning: findings that land on the lines of a pull request and keep their identity over edits.

Specification: docs.oasis-open.org/sarif/sarif/v2.1.0. A fingerprint is made of rule, object, field path and message, not of lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, TextIO
from urllib.parse import quote

from kplan import __version__
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.lint.baseline import fingerprint

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_DRIVE = re.compile(r"[A-Za-z]:(?=/)")
HOME = "https://github.com/kplan-dev/kplan"


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO, documentation: Mapping[str, str] | None = None) -> None:
    """One run with one result a diagnostic. `documentation` gives the texts of rules by name."""
    found = list(diagnostics)
    names = sorted({d.rule for d in found})
    index = {name: i for i, name in enumerate(names)}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kplan",
                        "version": __version__,
                        "informationUri": HOME,
                        "rules": [_rule(name, (documentation or {}).get(name, "")) for name in names],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(d, index[d.rule]) for d in found],
            }
        ],
    }
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")


def _rule(name: str, text: str) -> dict[str, Any]:
    summary = text.strip().splitlines()[0] if text.strip() else name
    rule: dict[str, Any] = {"id": name, "shortDescription": {"text": summary}}
    if text.strip():
        rule["fullDescription"] = {"text": text.strip()}
        rule["helpUri"] = f"{HOME}/blob/main/docs/rules.md#{name}"
    return rule


def _result(diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    text = diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.rule,
        "ruleIndex": index,
        "level": LEVELS[diagnostic.severity],
        "message": {"text": text},
        "partialFingerprints": {"kplan/v1": fingerprint(diagnostic)},
    }
    location: dict[str, Any] = {"physicalLocation": _place(diagnostic.span)} if diagnostic.span else {}
    if diagnostic.ref is not None:
        name = str(diagnostic.ref) + (f" {diagnostic.path}" if diagnostic.path else "")
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    if location:
        result["locations"] = [location]
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": i, "physicalLocation": _place(span), "message": {"text": words}} for i, (span, words) in enumerate(diagnostic.related)
        ]
    return result


def _place(span: Span) -> dict[str, Any]:
    path = PurePosixPath(span.file.replace("\\", "/")).as_posix()
    drive = _DRIVE.match(path)
    named = quote(path[2:] if drive else path, errors="surrogateescape")  # a name on disk need not be UTF-8
    uri = f"file:///{drive[0]}{named}" if drive else named
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if span.line:
        place["region"] = {"startLine": span.line, **({"startColumn": span.column} if span.column else {})}
    return place
