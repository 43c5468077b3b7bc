"""Requests and limits that containers have, those that a LimitRange of the namespace gives included."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.ref import Ref
from kplan.lint.pods import Container
from kplan.lint.rule import Context, Finding


def defaults(context: Context, namespace: str) -> dict[tuple[str, str], str]:
    """(requests or limits, resource) -> what LimitRanges give to containers that state none."""
    key = ("limit-defaults", namespace)
    if key not in context.memo:
        found: dict[tuple[str, str], str] = {}
        for _, held in context.of_kind("LimitRange", namespace):
            for limit in held["spec"].get("limits") or ():
                if limit.get("type") == "Container":
                    found |= {("requests", n): v for n, v in (limit.get("defaultRequest") or {}).items()}
                    found |= {("limits", n): v for n, v in (limit.get("default") or {}).items()}
        context.memo[key] = found
    given: dict[tuple[str, str], str] = context.memo[key]
    return given


def amount(container: Container, sort: str, name: str, given: dict[tuple[str, str], str]) -> str | None:
    """A request or limit as the pod will have it: its own, a LimitRange's, for requests also its limit."""
    own = container.resource(sort, name)
    if own is None and sort == "requests":
        own = container.resource("limits", name)
    return own if own is not None else given.get((sort, name))


def unset(ref: Ref, context: Context, sort: str, name: str) -> Iterator[Finding]:
    """Containers that come to have no request, or no limit, of a resource. Those that run once, init containers, may do without."""
    pods, given = context.pods(ref), defaults(context, ref.namespace)
    if ((pods.spec.get("resources") or {}).get(sort) or {}).get(name) is not None:
        return
    for c in pods.running:
        if amount(c, sort, name, given) is None:
            word = "requests no" if sort == "requests" else "has no limit of"
            yield Finding(f"{c.path}.resources", f"{c.title} {word} {name}", f"set resources.{sort}.{name}")
