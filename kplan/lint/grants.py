"""What RBAC grants: the rules of a role, also of an aggregated one, and the role behind a binding.

Upstream: pkg/apis/rbac/v1/evaluation_helpers.go (VerbMatches, APIGroupMatches, ResourceMatches).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.api.objects import Object, labels_of
from kplan.api.ref import Ref
from kplan.api.selectors import selector
from kplan.api.words import some
from kplan.lint.rule import Context

GROUP = "rbac.authorization.k8s.io"
ROLES = (f"Role.{GROUP}", f"ClusterRole.{GROUP}")
BINDINGS = (f"RoleBinding.{GROUP}", f"ClusterRoleBinding.{GROUP}")
SECRETS = (("", "secrets"),)
WORKLOAD_RESOURCES = (
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("apps", "daemonsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
)


def rules_of(role: Object, context: Context) -> list[tuple[int, Object]]:
    """The rules of a role with their indices; of an aggregated ClusterRole those of the roles that it gathers (index -1)."""
    gathers = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
    if not gathers:
        return list(enumerate(role.get("rules") or ()))
    tests = [selector(s) for s in gathers]
    others = [o for _, o in context.of_kind(f"ClusterRole.{GROUP}") if o is not role and any(t(labels_of(o)) for t in tests)]
    return [(-1, rule) for o in others for rule in o.get("rules") or ()]


def grants(rule: Object, group: str, resource: str, verbs: Sequence[str]) -> str:
    """The first of `verbs` that a rule grants on a resource (`pods/exec` for a subresource), the empty text if none."""
    groups, resources, granted = rule.get("apiGroups") or (), rule.get("resources") or (), rule.get("verbs") or ()
    if "*" not in groups and group not in groups:
        return ""
    _, slash, sub = resource.partition("/")
    if not ("*" in resources or resource in resources or (slash and f"*/{sub}" in resources)):
        return ""
    return next((v for v in verbs if v in granted or "*" in granted), "")


def role_of(binding: Object, ref: Ref, context: Context) -> tuple[Ref, Object] | None:
    """The role that a binding grants, if it is known."""
    role = binding.get("roleRef") or {}
    target = Ref(GROUP, role.get("kind") or "", ref.namespace if role.get("kind") == "Role" else "", role.get("name") or "")
    found = context.graph.objects.get(target)
    return (target, found) if found is not None else None


def granted(binding: Object, ref: Ref, context: Context, what: Sequence[tuple[str, str]], verbs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(verb, resource) for each of `what` that a binding's role grants; resources with a group are `deployments.apps`."""
    role = role_of(binding, ref, context)
    if role is None or not binding.get("subjects"):
        return
    for group, resource in what:
        for _, rule in rules_of(role[1], context):
            verb = grants(rule, group, resource, verbs)
            if verb:
                yield verb, f"{resource}.{group}" if group else resource
                break


def subjects_of(binding: Object) -> str:
    """Who gets it, in a few words."""
    names = [f"{s.get('kind')} {s.get('name')}" for s in binding.get("subjects") or ()]
    return some(names)


def operated(namespace: str, context: Context) -> bool:
    """Whether pods may come to be in a namespace by an operator's hand: custom resources of it, or a workload of the input that may make pods there."""
    return context.operated(namespace) or bool(_spaces("operators", WORKLOAD_RESOURCES, ("create", "patch", "update"), context) & {namespace, "*"})


def creates_secrets(namespace: str, context: Context) -> bool:
    """Whether some workload of the input may create Secrets in a namespace: its certificates, its first passwords."""
    return bool(_spaces("makers of secrets", SECRETS, ("create",), context) & {namespace, "*"})


def _spaces(key: str, what: Sequence[tuple[str, str]], verbs: Sequence[str], context: Context) -> frozenset[str]:
    """The namespaces in which some workload has rights (`*`: all)."""
    if key not in context.memo:
        context.memo[key] = frozenset(_granted_in(what, verbs, context))
    found: frozenset[str] = context.memo[key]
    return found


def _granted_in(what: Sequence[tuple[str, str]], verbs: Sequence[str], context: Context) -> Iterator[str]:
    running = {(ref.namespace, context.pods(ref).spec.get("serviceAccountName") or "default") for refs in context.workloads.values() for ref in refs}
    for kind in BINDINGS:
        for ref, binding in context.of_kind(kind):
            subjects = {(s.get("namespace") or ref.namespace, s.get("name")) for s in binding.get("subjects") or () if s.get("kind") == "ServiceAccount"}
            if subjects & running and any(granted(binding, ref, context, what, verbs)):
                yield ref.namespace or "*"
