"""APIService.

Upstream: staging/src/k8s.io/kube-aggregator/pkg/{apis/apiregistration,registry/apiservice}.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import go_quote
from kplan.api.names import is_dns1035_label, is_dns1123_subdomain, is_path_segment_name, is_valid_port_num
from kplan.api.objects import Object
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.secret import size_of
from kplan.kinds.strategy import keep_all_but_status, keep_status


def default(obj: Object) -> None:
    """The port of the Service is 443."""
    service = obj.setdefault("spec", {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def prepare(obj: Object) -> None:
    """What the server serves itself is available at once."""
    obj["status"] = {}
    if obj["spec"].get("service") is None:
        condition = {"type": "Available", "status": "True", "reason": "Local", "message": "Local APIServices are always available"}
        obj["status"]["conditions"] = [{**condition, "lastTransitionTime": obj["metadata"].get("creationTimestamp")}]


def prepare_status(new: Object, old: Object) -> None:
    """Of the metadata most stays as well."""
    keep_all_but_status(new, old)
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        new["metadata"].pop(field, None)
        if field in old["metadata"]:
            new["metadata"][field] = old["metadata"][field]


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateAPIService."""
    spec = obj.get("spec") or {}
    group, version = spec.get("group") or "", spec.get("version") or ""
    expected = f"{version}.{group}"

    def name_rule(name: str, _prefix: bool) -> list[str]:
        return is_path_segment_name(name) or ([] if name == expected else [f'must be `spec.version+"."+spec.group`: {go_quote(expected)}'])

    yield from validate_object_meta(obj["metadata"], False, name_rule)
    if not group and version != "v1":
        yield required("spec.group", "only v1 may have an empty group and it better be legacy kube")
    for message in is_dns1123_subdomain(group) if group else ():
        yield invalid("spec.group", group, message)
    for message in is_dns1035_label(version):
        yield invalid("spec.version", version, message)
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        priority = spec.get(field) or 0
        if not 0 < priority <= most:
            yield invalid(f"spec.{field}", priority, f"must be positive and less than {most}")
    bundle, insecure, service = spec.get("caBundle"), bool(spec.get("insecureSkipTLSVerify")), spec.get("service")
    if service is None:
        if bundle:
            yield invalid("spec.caBundle", f"{size_of(bundle)} bytes", "local APIServices may not have a caBundle")
        if insecure:
            yield invalid("spec.insecureSkipTLSVerify", insecure, "local APIServices may not have insecureSkipTLSVerify")
        return
    for field in ("namespace", "name"):
        if not service.get(field):
            yield required(f"spec.service.{field}")
    if errors := is_valid_port_num(service.get("port") or 0):
        yield invalid("spec.service.port", service.get("port") or 0, "port is not valid: " + ", ".join(errors))
    if insecure and bundle:
        yield invalid("spec.insecureSkipTLSVerify", insecure, "may not be true if caBundle is present")


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateAPIServiceStatusUpdate."""
    for i, condition in enumerate((new.get("status") or {}).get("conditions") or ()):
        if condition.get("status") not in ("True", "False", "Unknown"):
            yield unsupported(f"status.conditions[{i}].status", condition.get("status") or "", ("True", "False", "Unknown"))


def references(obj: Object) -> Iterator[Reference]:
    """The Service that answers for the group."""
    service = (obj.get("spec") or {}).get("service") or {}
    if service.get("name") and service.get("namespace"):
        yield Reference("spec.service", "Service", service["namespace"], service["name"], key=str(service.get("port") or ""))


KIND = Kind(
    group="apiregistration.k8s.io",
    version="v1",
    kind="APIService",
    plural="apiservices",
    namespaced=False,
    status=True,
    unconditional_update=False,
    default=default,
    prepare=prepare,
    prepare_update=keep_status,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=lambda new, _old: validate(new),
    validate_status=validate_status,
    references=references,
)
