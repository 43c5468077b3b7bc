"""Write docs/conformance.md: kplan held against recordings of a real Kubernetes control plane.

    python tools/build_conformance.py [SUITE...] [--recordings ../shared/conformance]

Runs the recordings' own compare.py. Figures by suite and metric; every group of cases below 100 %, with the reason that
docs/conformance-notes.yaml gives. Groups without a reason are named on standard error, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
NOTES = ROOT / "docs" / "conformance-notes.yaml"
PAGE = ROOT / "docs" / "conformance.md"
CASE, DIFFERENCE = re.compile(r"  - (\S.*)$"), re.compile(r"      (\w+): ")
SUITES = {
    "create": "objects created: verdict, causes, message, warnings, the defaulted result",
    "update": "objects updated",
    "apply": "sequences of client-side and server-side apply, with the owners of fields",
    "yaml": "YAML as kubectl reads it",
    "decisions": "scheduling decisions: fit and reasons on every node, scores by plugin, messages, preemption",
    "sequences": "queues of pods, each placed before the next",
    "reconcile": "scenarios of several steps: final state, refusals, events",
    "apps": "public applications and the state that they reach",
}
HEAD = """# Conformance

<!-- written by tools/build_conformance.py: do not edit -->

kplan held against recordings of a real Kubernetes v1.36.2 control plane (etcd, kube-apiserver, kube-controller-manager, kube-scheduler).
A case counts as equal where nothing differs: texts to the letter, objects field by field. Tests keep every figure from falling."""


def run(compare: Path, suites: list[str]) -> tuple[dict[str, Any], dict[str, dict[str, Counter[str]]]]:
    """The figures of each suite; its differing cases by group and metric."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        command = [sys.executable, str(compare), *suites, "--show", "1000000", "--json", str(out)]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr or done.stdout)
        return json.loads(out.read_text(encoding="utf-8")), differences(done.stdout.splitlines())


def differences(lines: list[str]) -> dict[str, dict[str, Counter[str]]]:
    """suite -> group -> metric -> how many cases differ."""
    found: dict[str, dict[str, Counter[str]]] = {}
    suite = ident = ""
    for line in lines:
        if line[:1].isalpha():
            suite = line.partition(":")[0]
        elif match := CASE.match(line):
            ident, seen = match[1], set[str]()
        elif (match := DIFFERENCE.match(line)) and ident and match[1] not in seen:
            seen.add(match[1])
            found.setdefault(suite, {}).setdefault(ident.partition("/")[0], Counter())[match[1]] += 1
    return found


def page(figures: dict[str, Any], groups: dict[str, dict[str, Counter[str]]], notes: dict[str, Any]) -> Iterator[str]:
    """The document, part by part."""
    yield HEAD
    rows = ["| suite | metric | equal | of | % |", "|---|---|---:|---:|---:|"]
    for suite in (s for s in SUITES if s in figures):
        metrics = {m: f for m, f in figures[suite].items() if m != "crashed"}
        for metric in sorted(metrics, key=lambda m: (m != "all", m)):
            f = metrics[metric]
            rows.append(f"| {suite if metric == 'all' else ''} | {metric} | {f['equal']} | {f['of']} | {100 * f['equal'] / max(f['of'], 1):.2f} |")
    yield "\n".join(rows)
    yield "\n".join(f"- **{s}**: {words}." for s, words in SUITES.items() if s in figures)
    yield "## What differs"
    for suite in (s for s in SUITES if s in figures):
        by_group = groups.get(suite, {})
        if not by_group:
            continue
        yield f"### {suite}"
        rows = ["| group | cases that differ | why |", "|---|---|---|"]
        for group in sorted(by_group):
            counts = ", ".join(f"{metric} {n}" for metric, n in sorted(by_group[group].items()))
            rows.append(f"| {group} | {counts} | {(notes.get(suite) or {}).get(group, '—')} |")
        yield "\n".join(rows)
    if not any(groups.get(s) for s in figures):
        yield "Nothing."


def main() -> int:
    """Run, write, and say what has no reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="*")
    parser.add_argument("--recordings", type=Path, default=ROOT.parent / "shared" / "conformance")
    arguments = parser.parse_args()
    compare = arguments.recordings / "compare.py"
    if not compare.exists():
        sys.exit(f"{compare} is not here")
    figures, groups = run(compare, arguments.suite)
    notes = yaml.safe_load(NOTES.read_text(encoding="utf-8")) or {}
    PAGE.write_text("\n\n".join(page(figures, groups, notes)) + "\n", encoding="utf-8")
    unexplained = [f"{suite}: {group}" for suite in groups for group in sorted(groups[suite]) if group not in (notes.get(suite) or {})]
    stale = [f"{suite}: {group}" for suite in notes for group in notes[suite] or () if suite in figures and group not in groups.get(suite, {})]
    for words, names in (("no reason given", unexplained), ("a reason for what is equal", stale)):
        for name in names:
            print(f"{words}: {name}", file=sys.stderr)
    return int(bool(unexplained or stale))


if __name__ == "__main__":
    sys.exit(main())
