"""Routes that their Gateway turns away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Severity
from kplan.graph import REFERS
from kplan.kinds.customreferences import METADATA_NAME, ROUTES, list_of, map_of, text_of
from kplan.lint.rule import Context, Finding, rule

# The routes that a listener's protocol takes where it does not say.
BY_PROTOCOL = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}


@rule("route-not-allowed", Severity.WARNING, ROUTES, absent=("Namespace",))
def route_not_allowed(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """No listener of a route's Gateway takes it: not from its namespace, not of its kind, or none of its hostnames.

    Why: the route is not attached (NotAllowedByListeners, NoMatchingListenerHostname): nothing is sent to its backends.
    Example: an HTTPRoute in `shop` whose Gateway is in `edge`, with listeners that allow routes `from: Same` (which is what they do if they do not say).
    Fix: let the listener allow the route's namespace, or put the route beside the Gateway.
    Upstream: none; the specification of Gateway API.
    """
    for edge in context.edges.get(ref, ()):
        if edge.kind != REFERS or edge.target is None or "parentRefs[" not in edge.path or edge.target.kind != "Gateway" or edge.reference is None:
            continue
        index = int(edge.path.partition("[")[2].partition("]")[0])
        parent = map_of(list_of(map_of(obj.get("spec")).get("parentRefs"))[index])
        gateway = context.graph.objects[edge.target]
        listeners = [map_of(each) for each in list_of(map_of(gateway.get("spec")).get("listeners"))]
        asked = [each for each in listeners if all(not parent.get(k) or parent.get(k) == each.get(v) for k, v in (("sectionName", "name"), ("port", "port")))]
        reasons = [why_not(each, edge.target, ref, obj, context) for each in asked]
        if reasons and all(reasons):
            related = ((edge.target, "spec.listeners", "its listeners"),)
            message = f'no listener of Gateway "{edge.target.name}" takes it: {reasons[0]}'
            yield Finding(edge.path, message, "correct the listener or the route", Severity.NOTE if context.ambiguous(edge.target) else None, related)


def why_not(listener: Object, gateway: Ref, ref: Ref, route: Object, context: Context) -> str:
    """Why a listener does not take a route; the empty text if it does, or may."""
    allowed = map_of(listener.get("allowedRoutes"))
    kinds = [text_of(map_of(k).get("kind")) for k in list_of(allowed.get("kinds"))] or BY_PROTOCOL.get(text_of(listener.get("protocol")), (ref.kind,))
    if ref.kind not in kinds:
        return f"it takes {' and '.join(kinds)} only"
    spaces = map_of(allowed.get("namespaces"))
    source = text_of(spaces.get("from")) or "Same"
    if source == "Same" and ref.namespace != gateway.namespace:
        return f"routes come from its own namespace {gateway.namespace} only"
    if source == "Selector":
        space = context.graph.objects.get(Ref("", "Namespace", "", ref.namespace))
        chosen = map_of(spaces.get("selector"))
        known = readable(chosen) and (space is not None or set(map_of(chosen.get("matchLabels"))) == {METADATA_NAME})
        if known and not matches(chosen, {METADATA_NAME: ref.namespace, **labels_of(space or {})}):
            return f"its selector does not mean namespace {ref.namespace}"
    host = text_of(listener.get("hostname"))
    names = [text_of(n) for n in list_of(map_of(route.get("spec")).get("hostnames")) if text_of(n)]
    if host and names and not any(meet(host, n) for n in names):
        return f"its hostname is {host}"
    return ""


def readable(value: Any) -> bool:
    """Whether this is a label selector, as far as it is read here."""
    expressions = value.get("matchExpressions") or []
    sound = isinstance(expressions, list) and all(isinstance(e, dict) and isinstance(e.get("values") or [], list) for e in expressions)
    return sound and all(isinstance(v, str) for v in map_of(value.get("matchLabels")).values())


def meet(one: str, other: str) -> bool:
    """Whether two hostnames, each perhaps with a wildcard in front, have a name in common."""
    one, other = one.lower(), other.lower()
    if one == other:
        return True
    if one.startswith("*.") and other.startswith("*."):
        return one[1:].endswith(other[1:]) or other[1:].endswith(one[1:])
    if one.startswith("*."):
        return other.endswith(one[1:])
    return other.startswith("*.") and one.endswith(other[1:])
