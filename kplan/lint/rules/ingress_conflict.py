"""Two Ingresses for one URL."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object, annotations_of
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.rule import Context, Finding, rule


@rule("ingress-conflict", Severity.WARNING, ("Ingress.networking.k8s.io",))
def ingress_conflict(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """Two Ingresses of one class have the same host and path, with different backends.

    Why: which of them gets the requests is the controller's choice, mostly the older one's.
    Example: two Ingresses for shop.example.com with the path `/`.
    Fix: give one of them another host or path.
    Upstream: none; kept from colliding by nobody.
    """
    if "ingress-paths" not in context.memo:
        taken: dict[tuple[str, str, str, str], tuple[Ref, Object]] = {}
        for other, each in context.of_kind(ref.group_kind):
            for key, _, backend in served(other, each):
                taken.setdefault(key, (other, backend))
        context.memo["ingress-paths"] = taken
    for key, path, backend in served(ref, obj):
        first, theirs = context.memo["ingress-paths"].get(key, (ref, backend))
        if first != ref and (first.namespace != ref.namespace or theirs != backend):
            message = f"{key[1] or 'any host'}{key[2] or '/'} is served by {first} too"
            yield Finding(path, message, "change the host or the path", related=((first, "spec.rules", "the other Ingress"),))


def served(ref: Ref, obj: Object) -> Iterator[tuple[tuple[str, str, str, str], str, Object]]:
    """((class, host, path, type), field path, backend) of all that an Ingress serves; canaries are meant to share."""
    notes = annotations_of(obj)
    if any(n.endswith(("/canary", "/canary-by-header")) for n in notes):
        return
    spec = obj["spec"]
    chosen = spec.get("ingressClassName") or notes.get("kubernetes.io/ingress.class") or ""
    for i, each in enumerate(spec.get("rules") or ()):
        for j, path in enumerate((each.get("http") or {}).get("paths") or ()):
            key = (chosen, each.get("host") or "", path.get("path") or "", path.get("pathType") or "")
            yield key, f"spec.rules[{i}].http.paths[{j}]", path.get("backend") or {}
