"""Words and small marks that several sections share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from kplan.api.ref import Ref
from kplan.diff import CREATE, DELETE, REPLACE, UPDATE
from kplan.report.markup import Markup, element

SIGNS = {CREATE: "+", UPDATE: "~", REPLACE: "-/+", DELETE: "−"}
VERBS = {CREATE: "created", UPDATE: "updated", REPLACE: "replaced", DELETE: "deleted"}
_ODD = re.compile(r"[^A-Za-z0-9./:-]")
LONGEST = 2000
BINARY = (("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("Pi", 1 << 50))


def anchor(ref: Ref) -> str:
    """The id of an object's entry among the changes."""
    return "object-" + _ODD.sub(lambda m: f"_{ord(m[0]):x}_", "/".join(part for part in ref if part))


def ref_words(ref: Ref, *, place: bool = True) -> Markup:
    """Kind and name, and the namespace behind them."""
    behind = element("span", f" {ref.namespace}", class_="dim") if place and ref.namespace else ""
    return element("span", element("span", ref.kind, class_="kind"), " ", element("b", ref.name), behind, class_="ref")


def link(ref: Ref, known: frozenset[Ref]) -> Markup:
    """The same, leading to the object's entry where it has one."""
    words = ref_words(ref)
    return element("a", words, href=f"#{anchor(ref)}", class_="plain") if ref in known else words


def value(found: Any) -> str:
    """A field's value on one line, as text has it; of more lines the lines."""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def amount(resource: str, number: int) -> str:
    """An amount as people write it: cores, binary multiples of bytes, counts."""
    if resource == "cpu":
        return f"{number / 1000:.2f}".rstrip("0").rstrip(".")
    if resource == "memory" or resource == "ephemeral-storage" or resource.startswith("hugepages-"):
        unit, size = "", 1
        for name, scale in BINARY:
            if abs(number) >= scale:
                unit, size = name, scale
        return f"{number / size:.1f}".removesuffix(".0") + unit if unit else str(number)
    return str(number)


def count(number: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def section(name: str, title: str, lead: str, parts: Iterable[str]) -> Markup:
    """A section of the page with its heading and a line on what it shows."""
    heading = element("header", element("h2", title), element("p", lead, class_="lead") if lead else "")
    return element("section", heading, *parts, id=name, class_=name)


def search(label: str, target: str) -> Markup:
    """A field that filters the entries of a list."""
    return element("input", type="search", placeholder=label, aria_label=label, data_filter=target, autocomplete="off", spellcheck="false")


def chip(words: str, target: str, key: str, wanted: str, kind: str = "") -> Markup:
    """A button that filters a list by an attribute of its entries."""
    return element("button", words, type="button", class_=f"chip {kind}".rstrip(), aria_pressed="false", data_list=target, data_key=key, data_value=wanted)
