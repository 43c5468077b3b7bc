"""Policies that cut pods off from what they are told to connect to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.namespaces import Known, pod_from
from kplan.lint.pods import LASTING, Container
from kplan.lint.rule import Context, Finding, rule
from kplan.lint.traffic import POLICY, peers, policies_of, rules_for

ADDRESS = re.compile(r"(?<![\w.-])([a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){0,5}):(\d{1,5})(?!\d)")


@rule("networkpolicy-blocks-connection", Severity.WARNING, (*LASTING, "Job.batch", "CronJob.batch"), absent=(POLICY, "Namespace"))
def networkpolicy_blocks_connection(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container is told, by host and port, of a Service that NetworkPolicies of either end keep it from.

    Why: every connection hangs until it times out.
    Example: `env: [{name: DATABASE, value: "db:5432"}]` where the pods' egress policies open 443 only, or those of `db` let others in.
    Fix: allow the port to the pods of the Service (policies see the pods' port), from these pods.
    Upstream: none; the semantics of NetworkPolicy.
    """
    if not context.of_kind(POLICY) or context.pods(ref).spec.get("hostNetwork"):
        return
    from kplan.network.networkpolicy import Party, verdict  # not loaded where there are no policies

    told = set()
    for container in context.containers(ref):
        for path, text in texts(container, ref.namespace, context):
            for host, number in ADDRESS.findall(text):
                found = service(host, int(number), ref.namespace, context)
                if found is None or (found[0], number) in told or not certain(ref, found[0], context):
                    continue
                told.add((found[0], number))
                for workload, port, protocol in answering(*found, context):
                    said = verdict(Party(pod_from(ref, context)), Party(pod_from(workload, context)), port, protocol, Known(context))
                    if not said.allowed and workload != ref:
                        message = f"{container.title} is told of {host}:{number}, and cannot connect to port {port} of {workload}: {said.deciding}"
                        yield Finding(path, message, "allow it", related=((found[0], "metadata.name", "the Service"),))
                        break


def texts(container: Container, namespace: str, context: Context) -> Iterator[tuple[str, str]]:
    """(path, text) of what a container is told: its command line and its environment, also that from ConfigMaps."""
    for field in ("command", "args"):
        yield from ((f"{container.path}.{field}[{i}]", text) for i, text in enumerate(container.data.get(field) or ()))
    for i, variable in enumerate(container.env):
        path, source = f"{container.path}.env[{i}]", (variable.get("valueFrom") or {}).get("configMapKeyRef") or {}
        yield f"{path}.value", variable.get("value") or ""
        yield f"{path}.valueFrom", data_of(source.get("name"), namespace, context).get(source.get("key") or "", "")
    for i, source in enumerate(container.data.get("envFrom") or ()):
        held = data_of((source.get("configMapRef") or {}).get("name"), namespace, context)
        yield from ((f"{container.path}.envFrom[{i}]", held[key]) for key in sorted(held))


def data_of(name: str | None, namespace: str, context: Context) -> Object:
    """What a ConfigMap of the input holds."""
    return (context.graph.objects.get(Ref("", "ConfigMap", namespace, name or "")) or {}).get("data") or {}


def service(host: str, port: int, namespace: str, context: Context) -> tuple[Ref, Object] | None:
    """The Service of a name as pods of a namespace look it up, with the entry of the port; None for what is no Service of the input, or has no such port."""
    name, *rest = host.split(".")
    if len(rest) > 1 and rest[1] != "svc":
        return None
    target = Ref("", "Service", rest[0] if rest else namespace, name)
    found = context.graph.objects.get(target)
    ports = ((found or {}).get("spec") or {}).get("ports") or ()
    return next(((target, each) for each in ports if each.get("port") == port), None)


def certain(ref: Ref, target: Ref, context: Context) -> bool:
    """Whether the policies can be judged: no rule goes by addresses, and where one goes by namespaces, or there are two, their labels are known."""
    ends, by_namespace = (ref, *context.selected(target, "spec.selector")), False
    for end, direction in ((ends[0], "Egress"), *((each, "Ingress") for each in ends[1:])):
        for _, policy in policies_of(end, direction, context):
            named = [peer for each in rules_for(policy, direction) for peer in peers(each, direction) or ()]
            if any("ipBlock" in peer for peer in named):
                return False
            by_namespace = by_namespace or any("namespaceSelector" in peer for peer in named)
    spaces = {end.namespace for end in ends}
    return (len(spaces) < 2 and not by_namespace) or all(Ref("", "Namespace", "", space) in context.graph.objects for space in spaces)


def answering(target: Ref, port: Object, context: Context) -> Iterator[tuple[Ref, int, str]]:
    """(workload, its port, protocol) for each that answers for a Service's port."""
    protocol = port.get("protocol") or "TCP"
    for workload in context.selected(target, "spec.selector"):
        number = context.pods(workload).port_number(port.get("targetPort", port.get("port")), protocol)
        if number is not None and not context.pods(workload).spec.get("hostNetwork"):
            yield workload, number, protocol
