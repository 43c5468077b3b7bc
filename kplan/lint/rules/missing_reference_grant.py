"""References across namespaces that nobody has allowed."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.graph import REFERS
from kplan.kinds.customreferences import GATEWAY, ROUTES, list_of, map_of, text_of
from kplan.lint.rule import Context, Finding, rule

GRANT = f"ReferenceGrant.{GATEWAY}"
GRANTED = (*ROUTES, f"Gateway.{GATEWAY}")


@rule("missing-reference-grant", Severity.WARNING, GRANTED, absent=(GRANT,))
def missing_reference_grant(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A route or Gateway names a Service or Secret of another namespace, and no ReferenceGrant there allows it.

    Why: the reference is not resolved (RefNotPermitted): requests are answered with 500, the listener gets no certificate.
    Example: a `backendRefs` entry with `namespace: shop` in an HTTPRoute of `edge`, and no ReferenceGrant in `shop`.
    Fix: a ReferenceGrant in the other namespace, from this kind and namespace to that kind.
    Upstream: none; the specification of Gateway API.
    """
    for edge in context.edges.get(ref, ()):
        wanted = edge.reference
        if edge.kind != REFERS or wanted is None or wanted.namespace in ("", ref.namespace) or "parentRefs[" in edge.path:
            continue
        if wanted.kind in ("Service", "Secret") and not allowed(ref, wanted.kind, wanted.namespace, wanted.name, context):
            message = f"no ReferenceGrant in namespace {wanted.namespace} lets a {ref.kind} of namespace {ref.namespace} name its {wanted.kind} {wanted.name}"
            known = edge.target is not None
            related = ((edge.target, "metadata.name", "what it names"),) if edge.target is not None else ()
            yield Finding(edge.path, message, "add a ReferenceGrant there", None if known else Severity.NOTE, related)


def allowed(ref: Ref, kind: str, namespace: str, name: str, context: Context) -> bool:
    """Whether a ReferenceGrant of the other namespace lets objects of this kind and namespace name one of that kind and name."""
    for _, grant in context.of_kind(GRANT, namespace):
        spec = map_of(grant.get("spec"))
        froms = (tuple(text_of(map_of(f).get(k)) for k in ("group", "kind", "namespace")) for f in list_of(spec.get("from")))
        tos = ((text_of(map_of(t).get("group")), text_of(map_of(t).get("kind")), text_of(map_of(t).get("name"))) for t in list_of(spec.get("to")))
        if (ref.group, ref.kind, ref.namespace) in froms and any((g, k) == ("", kind) and n in ("", name) for g, k, n in tos):
            return True
    return False
