"""Several plans in one output: one a cluster or version, each under its name; plans of different versions are also compared."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from kplan.comparison import Comparison, compare
from kplan.report.formats import write_plan

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.plan import Plan

FORMAT_VERSION = "1.0"
LONGEST_VALUE = 60


class Named(NamedTuple):
    """A plan, the name of what it is for (empty: of the only one), its version where there are several."""

    name: str
    version: str
    plan: Plan

    @property
    def title(self) -> str:
        """What tells it from the others."""
        return ", ".join(filter(None, (self.name, f"Kubernetes {self.version}" if self.version else "")))


def write_plans(plans: Sequence[Named], format: str, out: TextIO, screen: Callable[[], Console], *, quiet: bool = False, verbose: bool = False) -> None:
    """Plans in a format; one alone as it always is."""
    if len(plans) == 1:
        write_plan(plans[0].plan, format, out, screen, quiet=quiet, verbose=verbose)
    elif format == "json":
        _json(plans, out)
    elif format == "text":
        _text(plans, screen(), quiet=quiet, verbose=verbose)
    elif format == "html":
        from kplan.report.html import render_plans

        render_plans([(n.title, n.plan) for n in plans], [(_heading(c), list(_differences(c))) for c in _comparisons(plans)], out)
    elif format == "markdown":
        from kplan.report.markdown import render_plans as render_markdown

        render_markdown([(n.title, n.plan) for n in plans], [(_heading(c), list(_differences(c))) for c in _comparisons(plans)], out)
    elif format in ("sarif", "junit", "github", "gitlab"):
        from dataclasses import replace

        told = tuple(dict.fromkeys(d for named in plans for d in named.plan.diagnostics))
        write_plan(replace(plans[0].plan, diagnostics=told), format, out, screen, quiet=quiet, verbose=verbose)
    else:
        for named in plans:
            write_plan(named.plan, format, out, screen, quiet=quiet, verbose=verbose)


def _text(plans: Sequence[Named], console: Console, *, quiet: bool, verbose: bool) -> None:
    from rich.text import Text

    from kplan.report.findings import print_wrapped

    for i, named in enumerate(plans):
        if i:
            console.print()
        console.print(Text(f"== {named.title}", style="bold"))
        write_plan(named.plan, "text", io.StringIO(), lambda: console, quiet=quiet, verbose=verbose)
    for comparison in _comparisons(plans):
        console.print()
        console.print(Text(f"== {_heading(comparison)}", style="bold"))
        for line in _differences(comparison):
            print_wrapped(Text(line), console, 4)
    if len(plans) > 1 and not quiet:
        console.print()
        for named in plans:
            print_wrapped(Text(f"{named.title}: {named.plan.summary}"), console, 4)


def _comparisons(plans: Sequence[Named]) -> Iterator[Comparison]:
    for _, group in groupby(plans, key=lambda named: named.name):
        for first, second in pairwise(group):
            yield compare(first.plan, second.plan)


def _heading(comparison: Comparison) -> str:
    return f"Kubernetes {comparison.second} compared with {comparison.first}"


def _differences(comparison: Comparison) -> Iterator[str]:
    """What differs, a line each."""
    if comparison.same:
        yield "no difference"
    for sign, found in (("-", comparison.lost), ("+", comparison.found)):
        for diagnostic in found:
            where = f"{diagnostic.span}: " if diagnostic.span else ""
            yield f"{sign} {where}{diagnostic.severity}: {diagnostic.message} [{diagnostic.rule}]"
    for version, changes in ((comparison.first, comparison.only_first), (comparison.second, comparison.only_second)):
        for change in changes:
            yield f"only with {version}: {change.action} {change.ref}"
    for ref, fields in comparison.fields:
        for field in fields:
            yield f"~ {ref} {field.path}: {_value(field.before)} → {_value(field.after)}"


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _json(plans: Sequence[Named], out: TextIO) -> None:
    from kplan.report.plan_document import plan_json

    documents = [{"name": n.title, "environment": n.name, "version": n.version, "plan": plan_json(n.plan)} for n in plans]
    differences = [{"first": c.first, "second": c.second, "differences": [] if c.same else list(_differences(c))} for c in _comparisons(plans)]
    document: dict[str, Any] = {"formatVersion": FORMAT_VERSION, "ok": all(n.plan.ok for n in plans), "plans": documents}
    if differences:
        document["comparisons"] = differences
    json.dump(document, out, indent=2, ensure_ascii=False)
    out.write("\n")
