"""What is wrong, with the lines of the manifests that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kplan.api.ref import Ref
from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.excerpts import Excerpt
from kplan.report.markup import Markup, element
from kplan.report.page.words import chip, count, link, search, section

_TOKEN = re.compile(r"""[{\[].*[}\]]|"[^"]*"|'[^']*'|[^\s,\]}#]+""")
MOST_CARDS = 24
MARKS = {Severity.ERROR: "✕", Severity.WARNING: "!", Severity.NOTE: "i"}


def findings(diagnostics: tuple[Diagnostic, ...], excerpts: Mapping[Span, Excerpt], known: frozenset[Ref]) -> Markup:
    """One card each, the worst first."""
    if not diagnostics:
        return section("findings", "Findings", "", [element("p", "Nothing is wrong.", class_="empty good")])
    tools = [search("Filter findings", "finding-list")] if len(diagnostics) > 4 else []
    counts = {s: sum(1 for d in diagnostics if d.severity is s) for s in MARKS}
    if sum(1 for n in counts.values() if n) > 1:
        tools += [chip(count(n, str(s)), "finding-list", "severity", str(s), str(s)) for s, n in counts.items() if n]
    ordered = sorted(diagnostics, key=lambda d: -d.severity)
    cards = [_card(d, excerpts, known) for d in ordered] if len(ordered) <= MOST_CARDS else list(_by_rule(ordered, excerpts, known))
    lead = ", ".join(count(n, str(s)) for s, n in counts.items() if n)
    return section("findings", "Findings", lead, [element("div", *tools, class_="tools") if tools else "", element("div", *cards, id="finding-list")])


def _by_rule(diagnostics: Iterable[Diagnostic], excerpts: Mapping[Span, Excerpt], known: frozenset[Ref]) -> Iterable[Markup]:
    """The findings of each rule folded together; errors lie open."""
    groups: dict[tuple[Severity, str], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault((diagnostic.severity, diagnostic.rule), []).append(diagnostic)
    for (severity, rule), those in groups.items():
        mark = element("span", f"{count(len(those), str(severity))}", class_=f"pill {severity}")
        title = element("summary", element("b", rule), mark, element("span", those[0].message if len(those) == 1 else f"{those[0].message}, …", class_="first"))
        opened = severity is Severity.ERROR and len(those) <= MOST_CARDS
        yield element("details", title, *(_card(d, excerpts, known) for d in those), class_="group", open=opened)


def _card(diagnostic: Diagnostic, excerpts: Mapping[Span, Excerpt], known: frozenset[Ref]) -> Markup:
    severity = str(diagnostic.severity)
    about: list[str] = []
    if diagnostic.ref is not None and diagnostic.ref.name:
        about.append(link(diagnostic.ref, known))
    if diagnostic.path:
        about.append(element("code", diagnostic.path))
    about.append(element("span", diagnostic.rule, class_="rule"))
    parts = [
        element("span", MARKS[diagnostic.severity], class_="mark", title=severity, aria_label=severity),
        element("p", diagnostic.message, class_="message"),
        element("p", *_spaced(about), class_="about"),
    ]
    if diagnostic.span is not None:
        parts.append(_source(diagnostic.span, excerpts.get(diagnostic.span)))
    if diagnostic.hint:
        parts.append(element("p", element("b", "Help: "), diagnostic.hint, class_="hint"))
    parts += [element("p", element("code", str(span)), " ", words, class_="related") for span, words in diagnostic.related]
    text = f"{diagnostic.message} {diagnostic.rule} {diagnostic.span or ''} {diagnostic.ref or ''} {diagnostic.path}".lower()
    return element("article", *parts, class_=f"finding {severity}", data_severity=severity, data_text=text)


def _spaced(parts: Iterable[str]) -> Iterable[str]:
    for i, part in enumerate(parts):
        if i:
            yield " · "
        yield part


def _source(span: Span, excerpt: Excerpt | None) -> Markup:
    """The place, and the lines around it with the one that matters marked."""
    place = element("figcaption", str(span))
    if excerpt is None:
        return element("figure", place, class_="source")
    indent = min((len(line) - len(line.lstrip()) for line in excerpt.lines if line.strip()), default=0)
    rows = []
    for number, line in enumerate(excerpt.lines, excerpt.first):
        here = number == span.line
        shown = _marked(line[indent:], span.column - 1 - indent) if here else [line[indent:]]
        rows.append(element("span", element("i", str(number)), *shown, "\n", class_="here" if here else None))
    return element("figure", place, element("pre", *rows, tabindex="0"), class_="source")


def _marked(line: str, start: int) -> list[str]:
    """A line with the value or key at a column underlined."""
    found = _TOKEN.match(line, start) if start >= 0 else None
    if found is None:
        return [line]
    return [line[:start], element("mark", found.group()), line[found.end() :]]
