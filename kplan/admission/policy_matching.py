"""Which policies a request is about: rules and selectors (as webhooks have them too), bindings and the parameters that these name.

Upstream: apiserver/pkg/admission/plugin/policy/{generic/policy_dispatcher.go, matching/matching.go}, webhook/predicates. Policies are taken in the
order of their names; equivalent resources are other versions of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kplan.admission.request import Request
from kplan.api.objects import Object, group_kind, group_of, labels_of, name_of
from kplan.api.reader import Reader
from kplan.api.selectors import matches
from kplan.kinds import KINDS

GROUP = "admissionregistration.k8s.io"
EXEMPT = frozenset(
    {
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
    }
)
DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"
NO_PARAMS = "no params found for policy binding with `Deny` parameterNotFoundAction"
CLUSTER_SCOPED = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
NO_NAMESPACE = "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
_NAMESPACED = {kind.group_kind: kind.namespaced for kind in KINDS}


class Invocation(NamedTuple):
    """A policy that a request must pass (or is changed by), under one binding, with one parameter (None where there is none)."""

    policy: Object
    binding: Object
    param: Object | None


class Misconfigured(NamedTuple):
    """A policy, or one binding of it, that cannot be used as it stands."""

    policy: Object
    binding: Object | None
    why: str


def invocations(request: Request, reader: Reader, policy_kind: str) -> Iterator[Invocation | Misconfigured]:
    """All that a request matches, policy by policy and binding by binding."""
    bindings = reader.list(f"{policy_kind}Binding.{GROUP}")
    if not bindings or exempt(request):
        return
    by_policy: dict[str, list[Object]] = {}
    for binding in bindings:
        by_policy.setdefault(binding["spec"].get("policyName") or "", []).append(binding)
    for policy in reader.list(f"{policy_kind}.{GROUP}"):
        bound = by_policy.get(name_of(policy))
        if not bound or not _matches(policy["spec"].get("matchConstraints") or {}, request, reader):
            continue
        param_kind = policy["spec"].get("paramKind")
        namespaced = None if param_kind is None else _is_namespaced(param_kind, reader)
        if param_kind is not None and namespaced is None:
            group, _, version = param_kind["apiVersion"].rpartition("/")
            shown = f"{group}/{version}, Kind={param_kind['kind']}"
            yield Misconfigured(policy, None, f"failed to configure policy: failed to find resource referenced by paramKind: '{shown}'")
            continue
        for binding in bound:
            resources = binding["spec"].get("matchResources")
            if resources is not None and not _matches(resources, request, reader):
                continue
            found = _params(param_kind, namespaced, binding["spec"].get("paramRef"), request, reader)
            if isinstance(found, str):
                yield Misconfigured(policy, binding, f"failed to configure binding: {found}")
                continue
            for param in found:
                yield Invocation(policy, binding, param)


def exempt(request: Request) -> bool:
    """Whether a request is about policies or webhooks, and so passes by all of them.   Upstream: IsExemptAdmissionConfigurationResource."""
    return request.kind.group == GROUP and request.kind.kind in EXEMPT


def _is_namespaced(param_kind: Object, reader: Reader) -> bool | None:
    """Whether a kind of parameters is namespaced; None for one that nobody knows."""
    group = group_of(param_kind["apiVersion"])
    known = _NAMESPACED.get(group_kind(param_kind["kind"], group))
    if known is not None:
        return known
    for definition in reader.list(DEFINITION):
        spec = definition["spec"]
        if spec.get("group") == group and spec["names"].get("kind") == param_kind["kind"]:
            return bool(spec.get("scope") == "Namespaced")
    return None


def _params(param_kind: Object | None, namespaced: bool | None, ref: Object | None, request: Request, reader: Reader) -> list[Object | None] | str:
    """The parameters of a binding, or why there are none.   Upstream: CollectParams."""
    if param_kind is None or ref is None:
        return [None]
    namespace = ""
    if namespaced:
        namespace = ref.get("namespace") or request.namespace
        if not namespace:
            return CLUSTER_SCOPED
    elif ref.get("namespace"):
        return NO_NAMESPACE
    kind = group_kind(param_kind["kind"], group_of(param_kind["apiVersion"]))
    found: list[Object | None]
    if ref.get("name"):
        one = reader.get(kind, namespace, ref["name"])
        found = [] if one is None else [one]
    else:
        found = [obj for obj in reader.list(kind, namespace) if matches(ref["selector"], labels_of(obj))]
    if not found and ref.get("parameterNotFoundAction") == "Deny":
        return NO_PARAMS
    return found


def _matches(match: Object, request: Request, reader: Reader) -> bool:
    """Whether match constraints take a request."""
    if not rules_match(match.get("resourceRules") or (), match, request, empty=True):
        return False
    if not selects_namespace(match.get("namespaceSelector"), request, reader):
        return False
    if not selects_object(match.get("objectSelector"), request):
        return False
    return not rules_match(match.get("excludeResourceRules") or (), match, request, empty=False)


def selects_namespace(selector: Object | None, request: Request, reader: Reader) -> bool:
    """Whether a namespaceSelector takes a request; what is in no namespace always passes.   Upstream: predicates/namespace."""
    if not selector:
        return True
    if request.kind.group_kind == "Namespace":
        return matches(selector, labels_of(request.object or request.old or {}))
    if not request.namespace:
        return True
    namespace = reader.get("Namespace", "", request.namespace)
    return namespace is not None and matches(selector, labels_of(namespace))


def selects_object(selector: Object | None, request: Request) -> bool:
    """Whether an objectSelector takes the object as it is to be, or as it was.   Upstream: predicates/object."""
    if not selector:
        return True
    return any(obj is not None and matches(selector, labels_of(obj)) for obj in (request.object, request.old))


def rules_match(rules: Any, match: Object, request: Request, *, empty: bool) -> bool:
    """Whether one of the rules takes a request, `empty` where there are none; `match` has the matchPolicy.   Upstream: predicates/rules."""
    if not rules:
        return empty
    kind = request.kind
    versions = (kind.version, *kind.other_versions) if match.get("matchPolicy") != "Exact" else (kind.version,)
    return any(_rule_matches(rule, versions, request) for rule in rules)


def _rule_matches(rule: Object, versions: tuple[str, ...], request: Request) -> bool:
    operations, groups, served = rule.get("operations") or (), rule.get("apiGroups") or (), rule.get("apiVersions") or ()
    if "*" not in operations and request.operation not in operations:
        return False
    if "*" not in groups and request.kind.group not in groups:
        return False
    if "*" not in served and not any(version in served for version in versions):
        return False
    names = rule.get("resourceNames")
    if names and request.name not in names:
        return False
    return _in_scope(rule.get("scope") or "*", request) and any(_resource_matches(one, request) for one in rule.get("resources") or ())


def _in_scope(scope: str, request: Request) -> bool:
    if scope == "*":
        return True
    in_namespace = bool(request.namespace) and request.kind.group_kind != "Namespace"
    return in_namespace if scope == "Namespaced" else not in_namespace


def _resource_matches(pattern: str, request: Request) -> bool:
    resource, _, sub = pattern.partition("/")
    return resource in ("*", request.kind.plural) and sub in ("*", request.subresource)
