"""CustomResourceDefinition.

Upstream: apiextensions-apiserver/pkg/{apis/apiextensions,registry/customresourcedefinition}. The parts of its validation are in the
`crd_…` modules beside this one. Serving what a definition defines is `kplan.apiserver.custom`'s, its status `kplan.controllers`'.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.gotext import go_quote
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, annotations_of
from kplan.api.urls import parse_url, request_uri_error
from kplan.kinds import crd_ratchet
from kplan.kinds.crd_internal import internal_spec
from kplan.kinds.crd_openapi import TYPES, Options, list_item_errors, non_atomic_item
from kplan.kinds.crd_spec import MAX_SELECTABLE_FIELDS, names_errors, spec_errors
from kplan.kinds.crd_structural import inner_schemas
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_immutable, validate_object_meta
from kplan.kinds.strategy import count_generation, first_generation, keep_all_but_status, keep_status
from kplan.schema.structural.formats import is_recognized

APPROVED = "api-approved.kubernetes.io"
APPROVAL = "see https://github.com/kubernetes/enhancements/pull/1111"
PROTECTED = ("k8s.io", "kubernetes.io")
NO_PRESERVE = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
GONE_VERSION = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in spec.versions until a storage migration "
    "ensures no data remains persisted in {0} and removes {0} from status.storedVersions"
)


def default(obj: Object) -> None:
    """Names that follow from others, no conversion, the webhook's port."""
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind") or ""
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = kind + "List"
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def prepare(obj: Object) -> None:
    """A fresh status that says in which version objects are stored."""
    first_generation(obj)
    obj["status"] = {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None}
    _note_storage_version(obj)


def prepare_update(new: Object, old: Object) -> None:
    """Status stays; a new storage version is noted."""
    keep_status(new, old)
    count_generation(new, old, "spec")
    _note_storage_version(new)


def _note_storage_version(obj: Object) -> None:
    storage = next((v.get("name") or "" for v in obj["spec"].get("versions") or () if v.get("storage")), None)
    status = obj.get("status") or {}
    stored = status.get("storedVersions") or []
    if storage is not None and storage not in stored:
        obj["status"] = {**status, "storedVersions": [*stored, storage]}


def validate(obj: Object) -> FieldErrors:
    """Upstream: ValidateCustomResourceDefinition."""
    spec = obj["spec"]
    expected = f"{spec['names'].get('plural') or ''}.{spec.get('group') or ''}"

    def name_rule(name: str, prefix: bool) -> list[str]:
        return [*name_is_dns_subdomain(name, prefix), *([] if name == expected else ['must be spec.names.plural+"."+spec.group'])]

    yield from validate_object_meta(obj["metadata"], False, name_rule, kube_finalizers=False)
    yield from spec_errors(internal_spec(spec), Options(), "spec")
    yield from _common(obj, None)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateCustomResourceDefinitionUpdate."""
    spec, was = new["spec"], old["spec"]
    options = _options(new, old)
    yield from spec_errors(internal_spec(spec), options, "spec")
    if options.immutable_names:
        yield from validate_immutable(spec.get("scope") or "", was.get("scope") or "", "spec.scope")
        yield from validate_immutable(spec["names"].get("kind") or "", was["names"].get("kind") or "", "spec.names.kind")
    yield from validate_immutable(spec.get("group") or "", was.get("group") or "", "spec.group")
    yield from validate_immutable(spec["names"].get("plural") or "", was["names"].get("plural") or "", "spec.names.plural")
    yield from _common(new, old)


def _common(obj: Object, old: Object | None) -> FieldErrors:
    """What follows the spec."""
    status = obj.get("status") or {}
    yield from names_errors(status.get("acceptedNames") or {}, "status.acceptedNames")
    yield from _stored_versions(status.get("storedVersions"), obj["spec"].get("versions") or [], "status.storedVersions")
    yield from _approval(obj, old)
    if obj["spec"].get("preserveUnknownFields") and not (old and old["spec"].get("preserveUnknownFields")):
        yield invalid("spec.preserveUnknownFields", True, NO_PRESERVE)


def _stored_versions(stored: list[str] | None, versions: list[Object], path: str) -> FieldErrors:
    if not stored:
        yield invalid(path, stored, "must have at least one stored version")
        return
    left = {name: index for index, name in enumerate(stored)}
    for version in versions:
        known = left.pop(version.get("name") or "", None) is not None  # of versions of one name the first has it
        if version.get("storage") and not known:
            yield invalid(path, stored, f"must have the storage version {version.get('name') or ''}")
    for name, index in left.items():
        yield invalid(f"{path}[{index}]", name, GONE_VERSION.format(name))


def approval(obj: Object) -> tuple[str, str]:
    """How the annotation of a protected group stands (missing, bypassed, approved, invalid), and what is said of it."""
    text = annotations_of(obj).get(APPROVED) or ""
    if not text:
        return "missing", f"protected groups must have approval annotation {go_quote(APPROVED)}, {APPROVAL}"
    if text.startswith("unapproved"):
        return "bypassed", f"not approved: {go_quote(text)}"
    url = parse_url(text)
    if not request_uri_error(text) and url.scheme and url.host:
        return "approved", f"approved in {text}"
    words = f'protected groups must have approval annotation {go_quote(APPROVED)} with either a URL or a reason starting with "unapproved", {APPROVAL}'
    return "invalid", words


def is_protected(group: str) -> bool:
    """Whether a group is the Kubernetes community's."""
    return group in PROTECTED or group.endswith(tuple(f".{one}" for one in PROTECTED))


def _approval(obj: Object, old: Object | None) -> FieldErrors:
    if not is_protected(obj["spec"].get("group") or ""):
        return
    state, words = approval(obj)
    if old is not None and approval(old)[0] == state:
        return
    path = f"metadata.annotations[{APPROVED}]"
    if state == "missing":
        yield required(path, words)
    elif state == "invalid":
        yield invalid(path, annotations_of(obj).get(APPROVED) or "", words)


def _options(new: Object, old: Object) -> Options:
    spec, was = new["spec"], old["spec"]
    established = condition_is(old, "Established", "True")
    too_many = {name for name, fields, before in _selectable(spec, was) if len(before) > MAX_SELECTABLE_FIELDS and fields == before}
    return Options(
        recognized_review_version=crd_ratchet.has_known_review_version(was),
        immutable_names=established,
        schema=all((v.get("schema") or {}).get("openAPIV3Schema") is not None for v in was.get("versions") or ()),
        valid_types=not crd_ratchet.any_schema(was, lambda schema: schema.get("type") and schema["type"] not in TYPES),
        structural=not spec.get("preserveUnknownFields") or crd_ratchet.is_structural(was),
        pruned_defaults=not crd_ratchet.has_unpruned_defaults(was),
        atomic_sets=not crd_ratchet.any_schema(was, non_atomic_item),
        list_map_keys=not crd_ratchet.any_schema(was, lambda schema: any(True for _ in list_item_errors(schema, ""))),
        unchanged_versions=crd_ratchet.unchanged_schemas(spec, was),
        invalid_ca_bundle=not established or crd_ratchet.has_invalid_ca_bundle(was),
        too_many_selectable_fields=frozenset(too_many),
    )


def _selectable(spec: Object, was: Object) -> Iterator[tuple[str, list[Object], list[Object]]]:
    """The selectable fields now and before, of the whole (under no name) and by version."""
    now, then = internal_spec(spec), internal_spec(was)
    yield "", now.get("selectableFields") or [], then.get("selectableFields") or []
    before = {v.get("name"): v for v in then.get("versions") or ()}
    for version in now.get("versions") or ():
        yield version.get("name") or "", version.get("selectableFields") or [], (before.get(version.get("name")) or {}).get("selectableFields") or []


def validate_status(new: Object, old: Object) -> FieldErrors:
    """The accepted names are names."""
    yield from names_errors((new.get("status") or {}).get("acceptedNames") or {}, "status.acceptedNames")


def condition_is(obj: Object, kind: str, value: str) -> bool:
    """Whether a definition has a condition with this value."""
    return any(c.get("type") == kind and c.get("status") == value for c in (obj.get("status") or {}).get("conditions") or ())


def unrecognized_formats(obj: Object) -> list[str]:
    """Formats that mean nothing for their types, in the order of the schemas."""
    found: list[str] = []

    def visit(schema: Object) -> None:
        form = schema.get("format")
        if form and not is_recognized(schema.get("type") or "", form):
            found.append(form)
        for inner in inner_schemas(schema):
            visit(inner)

    for schema in crd_ratchet.schemas(internal_spec(obj["spec"])):
        visit(schema)
    return found


def warnings(obj: Object) -> Iterator[str]:
    """Formats that are not checked."""
    for form in unrecognized_formats(obj):
        yield f"unrecognized format {go_quote(form)}"


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """The same, of formats that were not there before."""
    held = unrecognized_formats(old)
    for form in unrecognized_formats(new):
        if form not in held:
            yield f"unrecognized format {go_quote(form)}"


def references(obj: Object) -> Iterator[Reference]:
    """The Service that converts."""
    service = (((obj["spec"].get("conversion") or {}).get("webhook") or {}).get("clientConfig") or {}).get("service") or {}
    if service.get("name") and service.get("namespace"):
        path = "spec.conversion.webhook.clientConfig.service"
        yield Reference(path, "Service", service["namespace"], service["name"], key=str(service.get("port") or 443))


KIND = Kind(
    group="apiextensions.k8s.io",
    version="v1",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    namespaced=False,
    short_names=("crd", "crds"),
    status=True,
    unconditional_update=False,
    kube_finalizers=False,
    empties=(("spec", "versions"),),
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    prepare_status=keep_all_but_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
