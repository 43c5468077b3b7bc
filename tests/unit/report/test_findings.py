"""Findings for people: what says the same many times is told once, and no place of an error is lost."""

from __future__ import annotations

import io

from rich.console import Console

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.lint.findings import Findings
from kplan.report.findings import render_findings


def finding(number: int, message: str = "image has no tag", severity: Severity = Severity.WARNING, rule: str = "latest-tag") -> Diagnostic:
    return Diagnostic(rule, severity, message, Ref("", "Pod", "default", f"p{number}"), "spec", Span(f"none-{number}.yaml", number, 1), "name one")


def told(*diagnostics: Diagnostic, verbose: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=120, no_color=True, highlight=False, markup=False, emoji=False)
    render_findings(Findings(tuple(diagnostics), 20, {}), console, verbose=verbose)
    return out.getvalue().splitlines()


def test_what_says_the_same_is_told_once() -> None:
    other = finding(99, "image has no name")
    assert told(finding(1), other, *(finding(n) for n in range(2, 16))) == [
        "none-1.yaml:1:1: warning: image has no tag (pod/p1)  [latest-tag]",
        "    also none-2.yaml:2:1 (pod/p2)",
        "    also none-3.yaml:3:1 (pod/p3)",
        "    and 12 more (-v shows all)",
        "    help: name one",
        "none-99.yaml:99:1: warning: image has no name (pod/p99)  [latest-tag]",
        "    help: name one",
        "20 objects checked: 16 warnings.",
    ]


def test_all_are_told_if_asked_for() -> None:
    lines = told(*(finding(n) for n in range(1, 16)), verbose=True)
    assert len([line for line in lines if "warning: image" in line]) == 15


def test_two_stay_apart_in_their_order() -> None:
    lines = told(finding(1), finding(2, "another"), finding(3))
    assert [line.partition(":")[0] for line in lines if "warning: " in line] == ["none-1.yaml", "none-2.yaml", "none-3.yaml"]


def test_no_place_of_an_error_is_left_out() -> None:
    lines = told(*(finding(n, severity=Severity.ERROR) for n in range(1, 16)))
    assert [line for line in lines if line.startswith("    also ")] == [f"    also none-{n}.yaml:{n}:1 (pod/p{n})" for n in range(2, 16)]


def test_the_own_name_in_the_words_is_no_difference() -> None:
    lines = told(*(finding(n, f"pod/p{n} is stated twice", rule="duplicate-object") for n in range(1, 4)))
    assert lines[:3] == [
        "none-1.yaml:1:1: warning: pod/p1 is stated twice  [duplicate-object]",
        "    also none-2.yaml:2:1 (pod/p2)",
        "    also none-3.yaml:3:1 (pod/p3)",
    ]


def test_many_other_places_are_counted() -> None:
    places = tuple((Span(f"none-{n}.yaml", n, 1), "stated here too") for n in range(1, 10))
    once = Diagnostic("duplicate-object", Severity.ERROR, "stated 10 times", span=Span("none.yaml", 1, 1), related=places)
    assert told(once)[1:5] == [*(f"    none-{n}.yaml:{n}:1: stated here too" for n in range(1, 4)), "    and 6 more (-v shows all)"]
    assert len(told(once, verbose=True)) == 11
