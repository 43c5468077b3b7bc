"""Nodes with what they hold before and after, pod by pod."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kplan.lint.outcomes import UP
from kplan.picture import ENDED, NodeUse, PodPlaces
from kplan.plan import Plan
from kplan.report.markup import Markup, element
from kplan.report.page.words import amount, count, search, section

ALWAYS = ("cpu", "memory", "pods")
MOST_CARDS, MOST_ROWS, MOST_PODS = 120, 1000, 250
WORDS = {"new": "coming", "gone": "going", "bad": "not up", "stays": "staying"}
Dots = tuple[tuple[str, PodPlaces], ...]


def nodes(plan: Plan) -> Markup:
    """The cluster as a whole, pods that are nowhere, nodes: those first on which something changes."""
    found = sorted(plan.picture.nodes, key=lambda n: [(p.isdecimal(), int(p) if p.isdecimal() else p) for p in re.split(r"(\d+)", n.name)])
    if not found:
        return section("nodes", "Nodes", "", [element("p", "There are no nodes.", class_="empty")])
    holding: dict[str, list[tuple[str, PodPlaces]]] = {}
    nowhere = []
    for pod in plan.picture.pods:
        for name, fate in _fates(pod):
            holding.setdefault(name, []).append((fate, pod))
        if pod.after is not None and not pod.after.node and pod.after.state not in ENDED:
            nowhere.append(pod)
    order = {"bad": 0, "new": 1, "gone": 2, "stays": 3}
    pods = {name: tuple(sorted(held, key=lambda d: (order[d[0]], d[1].ref))) for name, held in holding.items()}
    busy = [n for n in found if _touched(n, pods.get(n.name, ()))]
    idle = [n for n in found if not _touched(n, pods.get(n.name, ()))]
    cards = [_card(n, pods.get(n.name, ())) for n in (*busy, *idle)[:MOST_CARDS]]
    rest = (*busy, *idle)[MOST_CARDS:]
    parts: list[Markup] = [_whole(found)]
    if nowhere:
        parts.append(_nowhere(nowhere))
    if len(found) > 6:
        parts.append(element("div", search("Filter nodes by name, zone or pod", "node-list"), class_="tools"))
    parts.append(element("div", *cards, class_="cards", id="node-list"))
    if rest:
        parts.append(_rows(rest, {n.name for n in busy}))
    lead = f"{count(len(found), 'node')}, {len(busy)} with changes. A bar is what pods ask for of what the node has; the notch is where it was."
    return section("nodes", "Nodes", lead, [*parts, _legend()])


def _fates(pod: PodPlaces) -> Iterable[tuple[str, str]]:
    """On which nodes a pod is drawn, and how: it comes, goes, stays, or is there and not up."""
    old = pod.before.node if pod.before is not None and pod.before.state not in ENDED else ""
    new = pod.after.node if pod.after is not None and (pod.after.state not in ENDED or pod.after.state == "Failed") else ""
    if new:
        bad = pod.after is not None and pod.after.state not in UP
        yield new, "bad" if bad else "stays" if old == new and not pod.replaced else "new"
    if old and old != new:
        yield old, "gone"


def _touched(node: NodeUse, pods: Dots) -> bool:
    return node.before != node.after or any(fate != "stays" for fate, _ in pods)


def _card(node: NodeUse, pods: Dots) -> Markup:
    state = "gone" if node.after is None else "new" if node.before is None else ""
    tags = [element("span", words, class_="tag") for words in (*((state,) if state else ()), *((node.zone,) if node.zone else ()), *node.marks)]
    resources = [*ALWAYS, *sorted(r for r in {*(node.before or {}), *(node.after or {})} if r not in ALWAYS and node.allocatable.get(r))]
    bars = [_bar(r, node.allocatable.get(r, 0), (node.before or {}).get(r, 0), (node.after or {}).get(r, 0)) for r in resources]
    dots = [element("i", class_=fate, title=_dot_words(fate, pod)) for fate, pod in pods[:MOST_PODS]]
    if len(pods) > MOST_PODS:
        dots.append(element("span", f"+{len(pods) - MOST_PODS}", class_="dim"))
    text = " ".join([node.name, node.zone, *node.marks, *(p.ref.name for _, p in pods[:MOST_PODS])]).lower()
    parts = [element("h3", node.name, *tags), *bars, element("div", *dots, class_="dots")]
    moving = [d for d in pods if d[0] != "stays"]
    if pods:
        counted = ", ".join(f"{n} {WORDS[f]}" for f in ("new", "gone", "bad", "stays") if (n := sum(1 for d in pods if d[0] == f)))
        shown = (moving or pods)[:60]
        rows = [element("li", element("i", class_=fate), pod.ref.name, element("span", f" {pod.ref.namespace}", class_="dim")) for fate, pod in shown]
        if len(pods) > len(shown):
            rows.append(element("li", f"… and {len(pods) - len(shown)} more", class_="dim"))
        parts.append(element("details", element("summary", f"Pods: {counted}"), element("ul", *rows)))
    return element("article", *parts, class_=f"node {state}".rstrip(), data_text=text)


def _dot_words(fate: str, pod: PodPlaces) -> str:
    asks = ", ".join(f"{r} {amount(r, n)}" for r, n in pod.requests.items())
    reason = f": {pod.after.reason}" if fate == "bad" and pod.after is not None and pod.after.reason else ""
    return f"{pod.ref.namespace}/{pod.ref.name} {WORDS[fate]}{reason}" + (f" ({asks})" if asks else "")


def _bar(resource: str, whole: int, before: int, after: int) -> Markup:
    """A bar of two parts: what stays, and what comes (or went)."""

    def share(number: int) -> float:
        return min(100.0, round(100 * number / whole, 1)) if whole else 0.0

    low, high = sorted((share(before), share(after)))
    parts = [element("i", class_="stay", style=f"width:{low:g}%")]
    if high > low:
        parts.append(element("i", class_="come" if after > before else "go", style=f"left:{low:g}%;width:{round(high - low, 1):g}%"))
    if before != after:
        parts.append(element("i", class_="notch", style=f"left:{share(before):g}%"))
    change = f"{amount(resource, before)} → {amount(resource, after)}" if before != after else amount(resource, after)
    percent = f"{round(100 * after / whole)}%" if whole else "–"
    full = " full" if whole and after > 0.9 * whole else ""
    told = f"{change} of {amount(resource, whole)}"
    label = element("span", element("span", resource), element("span", told, class_="dim"), element("b", percent), class_="label")
    return element("div", label, element("div", *parts, class_="track"), class_=f"bar{full}", role="img", aria_label=f"{resource}: {told}")


def _whole(found: Sequence[NodeUse]) -> Markup:
    """The cluster's sums."""
    bars = []
    for resource in ALWAYS:
        whole = sum(n.allocatable.get(resource, 0) for n in found if n.after is not None)
        before, after = (sum((use or {}).get(resource, 0) for use in uses) for uses in ([n.before for n in found], [n.after for n in found]))
        bars.append(_bar(resource, whole, before, after))
    return element("div", element("h3", "All nodes"), *bars, class_="node whole")


def _nowhere(pods: Sequence[PodPlaces]) -> Markup:
    """Pods that no node takes, with the scheduler's words."""
    reasons: dict[str, list[PodPlaces]] = {}
    for pod in pods:
        reasons.setdefault(pod.after.reason if pod.after is not None else "", []).append(pod)
    entries = []
    for reason, those in reasons.items():
        names = ", ".join(f"{p.ref.namespace}/{p.ref.name}" for p in those[:5]) + (f" and {len(those) - 5} more" if len(those) > 5 else "")
        entries.append(element("p", element("b", names), element("br"), reason or "waiting", class_="reason"))
    dots = element("div", *(element("i", class_="bad") for _ in pods[:MOST_PODS]), class_="dots")
    return element("article", element("h3", f"{count(len(pods), 'pod')} on no node"), dots, *entries, class_="node nowhere")


def _rows(rest: Sequence[NodeUse], busy: set[str]) -> Markup:
    """The nodes for which cards would be too much."""
    head = element("tr", *(element("th", words) for words in ("node", "zone", *ALWAYS)))
    rows = []
    for node in rest[:MOST_ROWS]:
        cells = []
        for resource in ALWAYS:
            before, after, whole = ((use or {}).get(resource, 0) for use in (node.before, node.after, node.allocatable))
            change = f"{amount(resource, before)} → {amount(resource, after)}" if before != after else amount(resource, after)
            cells.append(element("td", f"{change} of {amount(resource, whole)}"))
        rows.append(element("tr", element("td", node.name), element("td", node.zone), *cells, class_="touched" if node.name in busy else None))
    more = [element("p", f"… and {len(rest) - MOST_ROWS} more: plan.json has them all.", class_="dim")] if len(rest) > MOST_ROWS else []
    table = element("div", element("table", element("thead", head), element("tbody", *rows)), class_="wide", tabindex="0")
    return element("details", element("summary", f"{count(len(rest), 'more node')}"), table, *more, class_="rest")


def _legend() -> Markup:
    return element("p", *(element("span", element("i", class_=f"swatch {fate}"), words) for fate, words in WORDS.items()), class_="legend dim")
