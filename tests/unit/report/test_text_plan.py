"""The tree of a plan: what happened to sets of replicas, which field forces a replacement, lines of eighty columns."""

from __future__ import annotations

import io
import json

from rich.console import Console

from kplan.manifests.sources import load
from kplan.plan import Options, plan
from kplan.report.json import render_plan as render_json
from kplan.report.text import render_plan

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %d
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: main, image: "%s"}]}
"""


def drawn(before: str, after: str) -> str:
    out = io.StringIO()
    base = load(["-"], stdin=before) if before else None
    render_plan(plan(load(["-"], stdin=after), Options(base=base)), Console(file=out, width=80, no_color=True, highlight=False, markup=False, emoji=False))
    assert all(len(line) <= 80 for line in out.getvalue().splitlines())
    return out.getvalue()


def test_sets_say_what_happened() -> None:
    text = drawn(DEPLOYMENT % (2, "a", "a", "r.example.com/x:1"), DEPLOYMENT % (3, "a", "a", "r.example.com/x:2"))
    sets = sorted(line.split("  ")[-1] for line in text.splitlines() if "ReplicaSet" in line)
    assert sets == ["3/3 ready", "scaled down to 0"]
    text = drawn(DEPLOYMENT % (2, "a", "a", "r.example.com/x:1"), DEPLOYMENT % (5, "a", "a", "r.example.com/x:1"))
    assert "scaled up to 5\n" in text


def test_a_refused_field_forces_a_replacement() -> None:
    before, after = DEPLOYMENT % (1, "a", "a", "r.example.com/x:1"), DEPLOYMENT % (1, "b", "b", "r.example.com/x:1")
    text = drawn(before, after)
    assert "-/+ Deployment web (default)  refused: must be replaced\n" in text
    assert "spec.selector.matchLabels.app: a → b  # forces replacement\n" in text
    out = io.StringIO()
    render_json(plan(load(["-"], stdin=after), Options(base=load(["-"], stdin=before))), out)
    (change,) = (c for c in json.loads(out.getvalue())["changes"] if c["action"] == "replace")
    assert {f["path"]: f.get("forcesReplacement", False) for f in change["fields"]}["spec.selector.matchLabels.app"] is True


def test_what_did_not_change_is_one_line() -> None:
    text = drawn(DEPLOYMENT % (1, "a", "a", "r.example.com/x:1"), DEPLOYMENT % (1, "a", "a", "r.example.com/x:1"))
    assert text.splitlines()[-3:] == ["  1 object unchanged", "", "Plan: 0 to create, 0 to update, 0 to delete; 1 pod running, 0 pending."]
