"""FlowSchema.

Upstream: pkg/apis/flowcontrol/{v1,validation}, pkg/registry/flowcontrol/flowschema; the fixed schemas are those of
staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.api.field import FieldError, FieldErrors, forbidden, invalid, not_supported, required
from kplan.api.names import name_is_dns_label, name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.enums import duplicate_enum, unsupported
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.strategy import count_generation, first_generation, keep_all_but_status, keep_status

MAX_PRECEDENCE = 10000
DEFAULT_PRECEDENCE = 1000
METHODS = ("ByNamespace", "ByUser")
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch")
SUBJECTS = {"Group": "group", "ServiceAccount": "serviceAccount", "User": "user"}
NAMESPACE_ERROR = "each member of this list must be '*' or a DNS-1123 label; "
_EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
}


def _groups(*groups: str) -> list[Object]:
    return [{"kind": "Group", "group": {"name": group}} for group in groups]


MANDATORY: dict[str, Object] = {
    "exempt": {
        "priorityLevelConfiguration": {"name": "exempt"},
        "matchingPrecedence": 1,
        "rules": [{"subjects": _groups("system:masters"), **_EVERYTHING}],
    },
    "catch-all": {
        "priorityLevelConfiguration": {"name": "catch-all"},
        "matchingPrecedence": MAX_PRECEDENCE,
        "distinguisherMethod": {"type": "ByUser"},
        "rules": [{"subjects": _groups("system:unauthenticated", "system:authenticated"), **_EVERYTHING}],
    },
}


def default(obj: Object) -> None:
    """The precedence."""
    spec = obj.setdefault("spec", {})
    if not spec.get("matchingPrecedence"):
        spec["matchingPrecedence"] = DEFAULT_PRECEDENCE


def prepare(obj: Object) -> None:
    """No status, the first generation."""
    obj["status"] = {}
    first_generation(obj)


def prepare_update(new: Object, old: Object) -> None:
    """The status stays."""
    keep_status(new, old)
    count_generation(new, old, "spec")


def prepare_status(new: Object, old: Object) -> None:
    """Nothing but the status changes, metadata neither."""
    keep_all_but_status(new, old)
    new["metadata"] = dict(old["metadata"])


def finish(obj: Object) -> None:
    """Storage knows no empty list, and the API prints null."""
    for rule in obj["spec"].get("rules") or ():
        for resource_rule in rule.get("resourceRules") or ():
            if not resource_rule.get("namespaces"):
                resource_rule["namespaces"] = None


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateFlowSchema."""
    name, spec = obj["metadata"].get("name") or "", obj.get("spec") or {}
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    precedence = spec.get("matchingPrecedence") or 0
    if precedence <= 0:
        yield invalid("spec.matchingPrecedence", precedence, "must be a positive value")
    if precedence > MAX_PRECEDENCE:
        yield invalid("spec.matchingPrecedence", precedence, f"must not be greater than {MAX_PRECEDENCE}")
    if precedence == 1 and name != "exempt":
        yield invalid("spec.matchingPrecedence", precedence, "only the schema named 'exempt' may have matchingPrecedence 1")
    method = spec.get("distinguisherMethod")
    if method is not None and method.get("type") not in METHODS:
        yield not_supported("spec.distinguisherMethod.type", internal("FlowDistinguisherMethod", method), METHODS)
    level = (spec.get("priorityLevelConfiguration") or {}).get("name") or ""
    if not level:
        yield required("spec.priorityLevelConfiguration.name", "must reference a priority level")
    for message in name_is_dns_subdomain(level, False) if level else ():
        yield invalid("spec.priorityLevelConfiguration.name", level, message)
    for i, rule in enumerate(spec.get("rules") or ()):
        yield from _validate_rule(rule, f"spec.rules[{i}]")
    if name in MANDATORY and not _same(spec, MANDATORY[name]):
        yield invalid("spec", internal("FlowSchemaSpec", spec), f"spec of '{name}' must equal the fixed value")
    yield from validate_conditions(obj)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_same(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) or (not one and not other)


def _validate_rule(rule: Object, path: str) -> FieldErrors:
    subjects, resources, urls = rule.get("subjects") or (), rule.get("resourceRules") or (), rule.get("nonResourceRules") or ()
    for i, subject in enumerate(subjects):
        yield from _validate_subject(subject, f"{path}.subjects[{i}]")
    if not subjects:
        yield required(f"{path}.subjects", "subjects must contain at least one value")
    if not resources and not urls:
        yield required(path, "at least one of resourceRules and nonResourceRules has to be non-empty")
    for i, resource_rule in enumerate(resources):
        yield from _validate_resource_rule(resource_rule, f"{path}.resourceRules[{i}]")
    for i, url_rule in enumerate(urls):
        yield from _validate_url_rule(url_rule, f"{path}.nonResourceRules[{i}]")


def _validate_subject(subject: Object, path: str) -> FieldErrors:
    kind = subject.get("kind") or ""
    if kind not in SUBJECTS:
        yield unsupported(f"{path}.kind", kind, tuple(SUBJECTS))
        return
    field = SUBJECTS[kind]
    yield from _validate_subject_name(subject.get(field), field, kind, f"{path}.{field}")
    for other, its_field in (("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")):
        if other != kind and its_field in subject:
            yield forbidden(f"{path}.{its_field}", f"{its_field} is forbidden when subject kind is not '{other}'")


def _validate_subject_name(subject: Object | None, field: str, kind: str, path: str) -> FieldErrors:
    if subject is None:
        yield required(path, f"{field} is required when subject kind is '{kind}'")
        return
    name, namespace = subject.get("name") or "", subject.get("namespace") or ""
    if not name:
        yield required(f"{path}.name")
    if kind != "ServiceAccount":
        return
    for message in name_is_dns_subdomain(name, False) if name not in ("", "*") else ():
        yield invalid(f"{path}.name", name, message)
    if not namespace:
        yield required(f"{path}.namespace", "must specify namespace for service account")
    for message in name_is_dns_label(namespace, False) if namespace else ():
        yield invalid(f"{path}.namespace", namespace, message)


def _validate_verbs(rule: Object, path: str) -> FieldErrors:
    verbs = rule.get("verbs") or []
    if not verbs:
        yield required(f"{path}.verbs", "verbs must contain at least one value")
    elif "*" in verbs:
        yield from _alone(verbs, f"{path}.verbs", "verbs")
    elif not set(verbs) <= set(VERBS):
        yield not_supported(f"{path}.verbs", verbs, VERBS)


def _alone(values: list[str], path: str, what: str) -> FieldErrors:
    if len(values) > 1 and "*" in values:
        yield invalid(path, values, f"if '*' is present, must not specify other {what}")


def _validate_resource_rule(rule: Object, path: str) -> FieldErrors:
    yield from _validate_verbs(rule, path)
    for field, one, many in (("apiGroups", "api group", "api groups"), ("resources", "resource", "resources")):
        if not rule.get(field):
            yield required(f"{path}.{field}", f"resource rules must supply at least one {one}")
        else:
            yield from _alone(rule[field], f"{path}.{field}", many)
    namespaces = rule.get("namespaces") or []
    if not namespaces and not rule.get("clusterScope"):
        yield required(f"{path}.namespaces", "resource rules that are not cluster scoped must supply at least one namespace")
    elif "*" in namespaces:
        yield from _alone(namespaces, f"{path}.namespaces", "namespaces")
    else:
        for i, namespace in enumerate(namespaces):
            for message in name_is_dns_label(namespace, False):
                yield invalid(f"{path}.namespaces[{i}]", namespace, NAMESPACE_ERROR + message)


def _validate_url_rule(rule: Object, path: str) -> FieldErrors:
    yield from _validate_verbs(rule, path)
    urls = rule.get("nonResourceURLs") or []
    if not urls:
        yield required(f"{path}.nonResourceURLs", "nonResourceURLs must contain at least one value")
    elif "*" in urls:
        yield from _alone(urls, f"{path}.nonResourceURLs", "non-resource URLs")
    else:
        for i, url in enumerate(urls):
            error = _url_error(url)
            if error:
                yield invalid(f"{path}.nonResourceURLs[{i}]", url, error)


def _url_error(url: str) -> str:
    """Upstream: ValidateNonResourceURLPath."""
    if not url:
        return "must not be empty"
    if url == "/":
        return ""
    if not url.startswith("/"):
        return "must start with slash"
    if " " in url:
        return "must not contain white-space"
    if "//" in url:
        return "must not contain double slash"
    wildcards = url.count("*")
    if wildcards > 1 or (wildcards == 1 and not url.endswith("/*")):
        return "wildcard can only do suffix matching"
    return ""


def validate_conditions(obj: Object) -> Iterator[FieldError]:
    """Conditions have types, each its own; of FlowSchemas and priority levels alike."""
    seen: set[str] = set()
    for i, condition in enumerate((obj.get("status") or {}).get("conditions") or ()):
        kind = condition.get("type") or ""
        if kind in seen:
            yield duplicate_enum(f"status.conditions[{i}].type", kind)
        seen.add(kind)
        if not kind:
            yield required(f"status.conditions[{i}].type")


def references(obj: Object) -> Iterator[Reference]:
    """The priority level."""
    spec = obj.get("spec") or {}
    level = (spec.get("priorityLevelConfiguration") or {}).get("name")
    if level:
        yield Reference("spec.priorityLevelConfiguration.name", "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io", "", level)


KIND = Kind(
    group="flowcontrol.apiserver.k8s.io",
    version="v1",
    kind="FlowSchema",
    plural="flowschemas",
    namespaced=False,
    status=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    validate_status=lambda new, _old: validate_conditions(new),
    finish=finish,
    references=references,
)
