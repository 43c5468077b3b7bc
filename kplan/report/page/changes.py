"""How the state differs: by namespace and object, field by field, with what follows from each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diff import ACTIONS, CREATE, DELETE, REPLACE, Change, FieldChange, masked
from kplan.lint.outcomes import PodSummary
from kplan.plan import Plan
from kplan.report.markup import Markup, element
from kplan.report.page.words import SIGNS, VERBS, anchor, chip, count, link, ref_words, search, section, value
from kplan.report.standing import forcing, standing

MOST_FOLLOWING, MOST_OPEN = 40, 80
SHORT = 16  # characters of values of which no part stands out
MOST_CHARACTERS = 1_500_000  # of whole objects on one page
STATES = {"Running": "good", "Completed": "good", "Pending": "warning", "NotReady": "warning", "Failed": "error"}
BESIDE = frozenset({"managedFields"})
LEFT_OUT = "left out: no definition of its kind is here"


class _Objects:
    """Whole objects, as long as there is room for them on the page."""

    def __init__(self) -> None:
        self.left = MOST_CHARACTERS

    def text(self, obj: Object) -> str:
        """An object as YAML; empty where it is too much."""
        if self.left <= 0:
            return ""
        meta = {k: v for k, v in obj["metadata"].items() if k not in BESIDE}
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text = yaml.dump(json.loads(json.dumps({**masked(obj), "metadata": masked({**obj, "metadata": meta})["metadata"]})), Dumper=dumper, sort_keys=False)
        self.left -= len(text)
        return text if self.left > 0 else ""


def changes(plan: Plan, known: frozenset[Ref]) -> Markup:
    """Every stated change with what its controllers made of it; then what changed because of objects that did not."""
    if not plan.changes and not plan.rejected and not plan.left_out:
        words = f"Nothing changes: {count(plan.unchanged, 'object')} as they are." if plan.unchanged else "Nothing changes."
        return section("changes", "Changes", "", [element("p", words, class_="empty")])
    derived: dict[Ref, list[Change]] = {}
    for change in plan.changes:
        if change.cause is not None:
            derived.setdefault(change.cause, []).append(change)
    stated = [c for c in plan.changes if c.cause is None]
    shown = {c.ref for c in stated}
    objects = _Objects()
    groups: dict[str, list[tuple[str, Markup]]] = {}
    for ref in dict.fromkeys(plan.rejected):
        if ref not in shown:
            groups.setdefault(ref.namespace, []).append(("rejected", _rejected(ref, derived.get(ref, []), plan, known)))
    for ref in dict.fromkeys(plan.left_out):
        groups.setdefault(ref.namespace, []).append(("derived", _entry(ref, "derived", "·", LEFT_OUT, [], str(ref))))
    for change in stated:
        groups.setdefault(change.ref.namespace, []).append((change.action, _object(change, derived.get(change.ref, []), plan, known, objects)))
    for cause in sorted(derived.keys() - shown - {*plan.rejected, *plan.left_out}):
        groups.setdefault(cause.namespace, []).append(("derived", _caused(cause, derived[cause], plan, known)))
    opened = sum(map(len, groups.values())) <= MOST_OPEN
    blocks = [_namespace(name, groups[name], opened) for name in sorted(groups, key=lambda n: (n != "", n))]
    unchanged = [element("p", f"{count(plan.unchanged, 'stated object')} unchanged", class_="dim")] if plan.unchanged else []
    lead = ", ".join(f"{plan.count(a)} {VERBS[a]}" for a in ACTIONS if plan.count(a)) or "Only what controllers made changes"
    return section("changes", "Changes", lead, [_tools(plan), element("div", *blocks, id="change-list"), *unchanged])


def _tools(plan: Plan) -> Markup:
    chips = [chip(f"{SIGNS[a]} {plan.count(a)}", "change-list", "action", a, a) for a in ACTIONS if plan.count(a)]
    opening = element("button", "Open all", type="button", class_="chip", data_open="change-list")
    return element("div", search("Filter by kind, name, field or value", "change-list"), *(chips if len(chips) > 1 else ()), opening, class_="tools")


def _namespace(name: str, entries: Sequence[tuple[str, Markup]], opened: bool) -> Markup:
    counts = Counter(action for action, _ in entries)
    told = [element("span", f"{SIGNS.get(a, '·' if a == 'derived' else '✕')} {n}", class_=f"sign {a}") for a, n in sorted(counts.items())]
    title = element("summary", element("b", name or "Cluster"), *told)
    return element("details", title, *(entry for _, entry in entries), class_="group", open=opened)


def _object(change: Change, derived: Sequence[Change], plan: Plan, known: frozenset[Ref], objects: _Objects) -> Markup:
    body: list[Markup] = []
    if change.fields and change.action != CREATE:
        body.append(_fields(change.fields, forcing(change, plan)))
    body += _outcome(change.ref, derived, plan, known)
    whole = change.after if change.action != DELETE else change.before
    text = objects.text(whole) if whole is not None else ""
    if text:
        title = {CREATE: "the object as the server stores it", DELETE: "the object as it was"}.get(change.action, "the object afterwards")
        body.append(element("details", element("summary", title), element("pre", text, tabindex="0"), class_="whole"))
    told = "refused: must be replaced" if change.action == REPLACE and change.ref in plan.rejected else standing(change)
    interesting = change.action != CREATE or any(d.ref == change.ref for d in plan.diagnostics)
    return _entry(change.ref, change.action, SIGNS[change.action], told, body, _searched(change, derived), open_=interesting)


def _rejected(ref: Ref, derived: Sequence[Change], plan: Plan, known: frozenset[Ref]) -> Markup:
    said = [d.message for d in plan.diagnostics if d.ref == ref and d.severity.name == "ERROR"]
    body = [*(element("p", m, class_="reason") for m in said), *_outcome(ref, derived, plan, known)]
    return _entry(ref, "rejected", "✕", "refused by the server", body, f"{ref} rejected {' '.join(said)}", open_=True)


def _caused(cause: Ref, derived: Sequence[Change], plan: Plan, known: frozenset[Ref]) -> Markup:
    text = f"{cause.kind} {cause.name} " + " ".join(f"{c.ref.kind} {c.ref.name}" for c in derived)
    return _entry(cause, "derived", "·", "not changed itself", _outcome(cause, derived, plan, known), text)


def _entry(ref: Ref, action: str, sign: str, told: str, body: Sequence[Markup], text: str, *, open_: bool = False) -> Markup:
    title = element(
        "summary",
        element("span", sign, class_="sign", title=VERBS.get(action, action)),
        ref_words(ref, place=False),
        element("span", told, class_="told") if told else "",
    )
    inside = element("div", *body, class_="body")
    return element("details", title, inside, class_=f"object {action}", id=anchor(ref), data_action=action, data_text=text.lower(), open=open_ and bool(body))


def _searched(change: Change, derived: Sequence[Change]) -> str:
    words = [change.ref.kind, change.ref.name, change.ref.namespace]
    words += [f"{f.path} {value(f.after)[:200]}" for f in change.fields]
    words += [f"{c.ref.kind} {c.ref.name}" for c in derived[:MOST_FOLLOWING]]
    return " ".join(words)


def _fields(fields: Sequence[FieldChange], forced: frozenset[str]) -> Markup:
    rows = []
    for field in fields:
        old, new = _sides(field)
        mark = element("span", "forces replacement", class_="pill forces") if field.path in forced else ""
        rows.append(element("tr", element("th", _breaking(field.path), mark, scope="row"), element("td", old, class_="old"), element("td", new, class_="new")))
    head = element("thead", element("tr", element("th", "field"), element("th", "before"), element("th", "after")))
    return element("table", head, element("tbody", *rows), class_="fields")


def _breaking(path: str) -> Markup:
    """A field path that may be broken before its dots."""
    parts = path.split(".")
    pieces: list[str] = [parts[0]]
    for part in parts[1:]:
        pieces += [element("wbr"), f".{part}"]
    return element("code", *pieces)


def _sides(field: FieldChange) -> tuple[Markup, Markup]:
    """Before and after; of two texts that are much alike, the part that differs stands out."""
    if field.before is None:
        return element("span", "nothing", class_="dim"), _value(field.after)
    if field.after is None:
        return _value(field.before), element("span", "removed", class_="dim")
    old, new = value(field.before), value(field.after)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    if field.masked or 2 * (head + tail) < max(len(old), len(new), SHORT):
        return _value(field.before), _value(field.after)
    sides = [element("code", text[:head], element("b", text[head : len(text) - tail]), text[len(text) - tail :]) for text in (old, new)]
    return sides[0], sides[1]


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _value(found: Any) -> Markup:
    return element("code", value(found))


def _outcome(ref: Ref, derived: Sequence[Change], plan: Plan, known: frozenset[Ref]) -> list[Markup]:
    """The pods of an object, why they are not up, and what else its controllers changed."""
    body = []
    pods = plan.pods.get(ref)
    if pods is not None and (any(c.ref.kind == "Pod" for c in derived) or ref.kind == "Pod" or pods.reasons):
        body.append(_pods(pods))
        body += [element("p", reason, class_="reason") for reason in pods.reasons]
    rows = [
        element("li", element("span", SIGNS[c.action], class_=f"sign {c.action}"), link(c.ref, known), element("span", standing(c), class_="told"))
        for c in sorted(derived, key=lambda c: (c.ref.kind == "Pod", c.ref))
    ]
    if rows:
        more = element("li", f"… and {len(rows) - MOST_FOLLOWING} more", class_="dim") if len(rows) > MOST_FOLLOWING else ""
        title = element("summary", f"{count(len(rows), 'object')} that follow{'s' if len(rows) == 1 else ''}")
        body.append(element("details", title, element("ul", *rows[:MOST_FOLLOWING], more), class_="following", open=len(rows) <= 8))
    return body


def _pods(summary: PodSummary) -> Markup:
    states = [element("span", f"{n} {state}", class_=f"pill {STATES.get(state, '')}".rstrip()) for state, n in summary.states.items()]
    on = ", ".join(f"{node} ({n})" if n > 1 else node for node, n in list(summary.nodes.items())[:12])
    more = f" and {len(summary.nodes) - 12} more" if len(summary.nodes) > 12 else ""
    return element("p", "Pods: ", *states, element("span", f" on {on}{more}", class_="dim") if on else "", class_="pods")
