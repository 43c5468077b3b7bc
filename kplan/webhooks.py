"""Webhooks: which of them a server would ask about what a plan changes, and which of those cannot answer.

Upstream: apiserver/pkg/admission/plugin/webhook/{generic/webhook.go, predicates, matchconditions}, util/webhook/client.go. No webhook is called: each
is taken to agree, and to change nothing. Asked about is what differs between the states before and after, each object by its creation, update or
deletion. Left out: subresources (bindings, statuses, evictions), objects that came and went on the way, events and leases, what is deleted together
with its namespace from webhooks with a namespaceSelector; match conditions on who asks are not decided. Of endpoints only readiness is looked at,
neither certificates nor network policies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kplan.admission.policy_evaluation import Evaluation, ExpressionError
from kplan.admission.policy_matching import exempt, rules_match, selects_namespace, selects_object
from kplan.admission.request import Request
from kplan.api.objects import Object, labels_of
from kplan.api.reader import Reader
from kplan.api.ref import Ref
from kplan.cluster import Cluster
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import CREATE, DELETE, REPLACE, Change, State, cause_of, changes
from kplan.kinds.kind import Kind
from kplan.lint.rules.webhook_blocks_itself import MESSAGE, REMEDY
from kplan.manifests.manifest import Manifest
from kplan.network.proxy import endpoints_of, find_port

if TYPE_CHECKING:
    from kplan.kinds.policycompile import PolicyCompiler

MUTATING = "MutatingWebhookConfiguration"
CONFIGURATIONS = (MUTATING, "ValidatingWebhookConfiguration")  # in the order in which the server asks them
GROUP = "admissionregistration.k8s.io"
UNDECIDED = ("request.userInfo", "authorizer")  # who asks is known to no plan


@dataclass(slots=True)
class Asked:
    """One webhook, by its configuration and place there, and the objects that it would be asked about, each with the last request.

    `conditional`: for some of them it depends on conditions that a plan cannot decide.
    """

    configuration: Ref
    index: int
    webhook: Object
    about: dict[Ref, Request] = field(default_factory=dict)
    conditional: bool = False

    @property
    def kinds(self) -> str:
        """`3 Deployments, 1 Pod`."""
        counts = Counter(ref.group_kind for ref in self.about)
        kinds = {request.kind.group_kind: request.kind for request in self.about.values()}
        return ", ".join(f"{counts[gk]} {kinds[gk].kind if counts[gk] == 1 else _plural(kinds[gk])}" for gk in sorted(counts))

    @property
    def title(self) -> str:
        """`webhook "x.example.com"`."""
        return f'webhook "{self.webhook.get("name") or ""}"'


def asked(cluster: Cluster, before: State, after: State) -> list[Asked]:
    """The webhooks of a cluster that would be asked about something of what differs, in the server's order."""
    reader = cluster.door.store
    configurations = [c for kind in CONFIGURATIONS for c in reader.list(f"{kind}.{GROUP}") if c.get("webhooks")]
    if not configurations:
        return []
    requests = [r for c in changes(before, after) for r in _requests(c, cluster)]
    found = []
    for configuration in configurations:
        for index, webhook in enumerate(configuration["webhooks"]):
            one = Asked(Ref.of(configuration), index, webhook)
            for ref, request in requests:
                if _takes(webhook, request, reader):
                    met = _meets_conditions(webhook, request, reader)
                    if met is not False:
                        one.about[ref] = request
                        one.conditional |= met is None
            if one.about:
                found.append(one)
    return found


def notes(found: Sequence[Asked], before: Collection[Ref]) -> Iterator[str]:
    """What a plan takes for granted: one line for each webhook. Those that the plan itself brings are asked about what comes after them only."""
    for one in found:
        where = f"{one.configuration.kind}/{one.configuration.name}"
        when = "" if one.configuration in before else " if it were there first"
        conditions = " under its conditions" if one.conditional else ""
        assumed = "to agree and to change nothing" if one.configuration.kind == MUTATING else "to agree"
        yield f"{one.title} of {where} would be asked about {one.kinds}{when}{conditions}: it is assumed {assumed}"


def blocking(found: Sequence[Asked], cluster: Cluster, after: State, places: Mapping[Ref, Manifest]) -> Iterator[Diagnostic]:
    """The webhooks without whose answer requests are refused, and that have nobody to answer or decide on the pods that answer for them."""
    reader = cluster.door.store
    for one in found:
        named = (one.webhook.get("clientConfig") or {}).get("service")
        if not named or one.webhook.get("failurePolicy", "Fail") != "Fail":
            continue
        service = reader.get("Service", named.get("namespace") or "", named.get("name") or "")
        why = _silent(named, service, reader)
        if why:
            place = f"webhooks[{one.index}].clientConfig.service.name"
            sometimes = " where its conditions hold" if one.conditional else ""
            message = f"{one.title} must answer for {one.kinds}, and {why}: such requests are refused{sometimes}"
            yield _at(one, place, message, "bring up what answers first, or let failurePolicy be Ignore", places)
        elif service is not None and one.configuration not in places:  # the linter tells of those that are stated
            workload = _own_workload(one, service, after)
            if workload is not None:
                yield _at(one, f"webhooks[{one.index}].namespaceSelector", f"{one.title} {MESSAGE.format(workload)}", REMEDY, places)


def _at(one: Asked, path: str, message: str, hint: str, places: Mapping[Ref, Manifest]) -> Diagnostic:
    manifest = places.get(one.configuration)
    return Diagnostic("webhook-blocks", Severity.WARNING, message, one.configuration, path, manifest.locate(path) if manifest else None, hint)


def _requests(change: Change, cluster: Cluster) -> Iterator[tuple[Ref, Request]]:
    """The writes that make a change."""
    ref = change.ref
    served = cluster.door.registry.preferred(ref.group_kind)
    if served is None:
        return
    operations = {CREATE: ("CREATE",), DELETE: ("DELETE",), REPLACE: ("DELETE", "CREATE")}.get(change.action, ("UPDATE",))
    namespace = ref.name if ref.group_kind == "Namespace" else ref.namespace  # as the server has it
    for operation in operations:
        obj = None if operation == "DELETE" else change.after
        old = None if operation == "CREATE" else change.before
        request = Request(operation=operation, kind=served.kind, namespace=namespace, name=ref.name, object=obj, old=old)
        if not exempt(request):
            yield ref, request


def _takes(webhook: Object, request: Request, reader: Reader) -> bool:
    """Whether rules and selectors take a request.   Upstream: ShouldCallHook."""
    return (
        rules_match(webhook.get("rules") or (), webhook, request, empty=False)
        and selects_namespace(webhook.get("namespaceSelector"), request, reader)
        and selects_object(webhook.get("objectSelector"), request)
    )


def _meets_conditions(webhook: Object, request: Request, reader: Reader) -> bool | None:
    """Whether the match conditions hold; None where that cannot be told (a condition that fails has the request refused)."""
    conditions = webhook.get("matchConditions") or ()
    if not conditions:
        return True
    decided = [c for c in conditions if not any(word in c["expression"] for word in UNDECIDED)]
    ignore = webhook.get("failurePolicy") == "Ignore"
    try:
        met = Evaluation(_compiler(), request, reader, None).meets_conditions(decided, ignore)
    except ExpressionError:
        return None
    return None if met and len(decided) < len(conditions) else met


def _compiler() -> PolicyCompiler:
    from kplan.kinds.policycompile import PolicyCompiler

    return PolicyCompiler({}, False)


def _silent(named: Object, service: Object | None, reader: Reader) -> str:
    """Why nobody answers behind a webhook's Service; empty where somebody does."""
    shown = Ref("", "Service", named.get("namespace") or "", named.get("name") or "")
    if service is None:
        return f"{shown} is not there"
    if service["spec"].get("type") == "ExternalName":
        return ""  # answered outside the cluster
    number = named.get("port") or 443
    port = find_port(service, number)
    if port is None:
        return f"{shown} has no port {number}"
    return "" if any(e.ready for e in endpoints_of(service, port, reader)) else f"{shown} has no ready endpoints"


def _own_workload(one: Asked, service: Object, after: State) -> Ref | None:
    """What makes pods that answer for a webhook and that it is asked about when they are made."""
    selector, namespace = service["spec"].get("selector") or {}, service["metadata"].get("namespace") or ""
    for ref, request in one.about.items():
        pod = request.object
        if ref.group_kind == "Pod" and ref.namespace == namespace and request.operation == "CREATE" and pod is not None and selector:
            labels = labels_of(pod)
            if all(labels.get(k) == v for k, v in selector.items()):
                return cause_of(pod, after) or Ref.of(pod)
    return None


def _plural(kind: Kind) -> str:
    """`NetworkPolicies`: the kind with the ending of its plural."""
    same = next((i for i, (a, b) in enumerate(zip(kind.kind.lower(), kind.plural, strict=False)) if a != b), min(len(kind.kind), len(kind.plural)))
    return kind.kind[:same] + kind.plural[same:]
