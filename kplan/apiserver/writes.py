"""The life of a write: decode, default, mutating admission, prepare, validate, validating admission, store.

Upstream: apiserver/pkg/endpoints/handlers/{create,update}.go, registry/rest/{create,update}.go and
registry/generic/registry/store.go. Functions here raise StatusError; the door turns that into a Response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplan import schema
from kplan.admission import ADMIN, Request, User, admit
from kplan.api import status
from kplan.api.field import FieldError, Printed, invalid
from kplan.api.names import name_is_path_segment
from kplan.api.objects import Object
from kplan.apiserver.ownership import Touch
from kplan.apiserver.patching import Patching
from kplan.apiserver.reading import as_read, decoded
from kplan.apiserver.registry import Served, named
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta, validate_object_meta_update
from kplan.kinds.strategy import keep_all_but_status, with_empties

if TYPE_CHECKING:
    from kplan.apiserver.door import Door

URL_NAMESPACE = re.compile(r"[a-z0-9-]+\Z")
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
OTHER_NAMESPACE = "the namespace of the provided object does not match the namespace sent on the request"
DUPLICATE_OWNERS = (
    ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; "
    "please fix your requests. Duplicate UID(s) observed: {uids}"
)


@dataclass(slots=True, kw_only=True)
class Call:
    """What a request says besides the object: who, on which namespace's URL, dry or not; and the warnings it gathers."""

    namespace: str = "default"
    user: User = ADMIN
    manager: str = "kplan"
    dry_run: bool = False
    subresource: str = ""
    warnings: list[str] = field(default_factory=list)


def resolve(door: Door, obj: Object) -> Served:
    """The kind that an object says it is; a refusal in kubectl's words where the server has none."""
    api_version, kind = named(obj)
    if not kind:
        raise status.bad_request("Object 'Kind' is missing in the request body")
    if not api_version:
        raise status.bad_request("Object 'apiVersion' is missing in the request body")
    served = door.registry.resolve(api_version, kind)
    if served is None:
        raise status.StatusError(status.Status(404, "NotFound", f'no matches for kind "{kind}" in version "{api_version}"'))
    return served


def versioned(served: Served, obj: Object) -> Object:
    """A stored object in the version that the request speaks."""
    if served.version != served.kind.version and served.kind.from_preferred is not None:
        return served.kind.from_preferred(served.version, obj)
    return obj


def request_namespace(kind: Kind, obj: Object, default: str) -> str:
    """The namespace of the URL: the object's own where it can stand in a URL, else the caller's."""
    if not kind.namespaced:
        return ""
    meta = obj.get("metadata")
    own = meta.get("namespace") if isinstance(meta, dict) else None
    return own if isinstance(own, str) and URL_NAMESPACE.match(own) else default


def check_namespace(kind: Kind, meta: Object, namespace: str) -> None:
    """Fill in the namespace of the request, or refuse another one.   Upstream: EnsureObjectNamespaceMatchesRequestNamespace."""
    own = meta.get("namespace") or ""
    expected = namespace if kind.namespaced else ""
    if own == expected:
        return
    if not own:
        meta["namespace"] = expected
    elif not expected:
        del meta["namespace"]  # a cluster-scoped object forgets the namespace that it names
    else:
        raise status.bad_request(OTHER_NAMESPACE)


def dedup_owners(meta: Object, warnings: list[str]) -> None:
    """Owner references that are equal to the letter count once."""
    owners = meta.get("ownerReferences")
    if not owners or len(owners) == len({o.get("uid") for o in owners}):
        return
    kept: list[Object] = []
    twice: list[str] = []
    for owner in owners:
        if owner in kept:
            twice.append(owner.get("uid") or "")
        else:
            kept.append(owner)
    if twice:
        meta["ownerReferences"] = kept
        warnings.append(DUPLICATE_OWNERS.format(uids=", ".join(dict.fromkeys(twice))))


def create(door: Door, served: Served, obj: Object, call: Call, *, strict: bool = True) -> Object:
    """Make an object; returns it as stored (as it would be stored, for a dry run)."""
    kind = served.kind
    if kind.deprecated:
        call.warnings.append(kind.deprecated)
    new = decoded(door, served, obj, strict=strict)
    namespace = request_namespace(kind, obj, call.namespace)
    meta = new.setdefault("metadata", {})
    for wiped in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"):
        meta.pop(wiped, None)
    check_namespace(kind, meta, namespace)
    dedup_owners(meta, call.warnings)
    request = Request(
        operation="CREATE",
        kind=kind,
        namespace=namespace if kind.namespaced else (meta.get("name") or "" if kind.kind == "Namespace" else ""),
        name=meta.get("name") or "",
        object=new,
        user=call.user,
        dry_run=call.dry_run,
        warnings=call.warnings,
        patching=Patching(door, served),
    )
    as_sent = door.snapshot(new)
    admit(door.plugins, request, door.store)
    if meta.get("generateName") and not meta.get("name"):
        meta["name"] = door.identity.name(kind.group_kind, namespace, meta["generateName"], dry=call.dry_run)
    name = meta.get("name") or ""
    meta["uid"] = door.identity.uid(kind.group_kind, namespace, name, dry=call.dry_run)
    meta["creationTimestamp"] = door.store.clock.text()
    resource_version = meta.pop("resourceVersion", None)
    door.allocate(new, None, call.dry_run)
    call.warnings.extend(kind.early_warnings(new))
    kind.prepare(new)
    kind.prepare_for_user(new, call.user.name, call.user.groups)
    errors = [*kind.validate_in_cluster(new, door.store), *kind.validate(new)]
    if not errors:
        errors = list(validate_object_meta(meta, kind.namespaced, name_is_path_segment, kube_finalizers=kind.kube_finalizers))
    if errors:
        raise status.invalid(kind.name_in_refusals, name, errors)
    call.warnings.extend(kind.warnings(new))
    kind.finish(new)
    request.name = name
    for plugin in door.plugins:
        plugin.validate(request, door.store)
    if resource_version and not call.dry_run:
        raise status.internal_error("resourceVersion should not be set on objects to be created")
    if door.store.get(kind.group_kind, namespace, name) is not None:
        raise status.already_exists(kind.resource, name)
    if call.dry_run:
        return new
    stored = door.store.put(kind.group_kind, new)
    door.ownership.touched((kind.group_kind, namespace, name), Touch(None, as_sent, call.manager, call.subresource, door.store.clock.text(), served.custom))
    door.settle(request)
    return stored


def update(door: Door, served: Served, obj: Object, old: Object, call: Call, *, strict: bool = True, own: bool = True) -> Object:
    """Replace a stored object; returns it as it then stands. `own`: the change is noted in managedFields."""
    kind, old = served.kind, as_read(door, old)
    if kind.deprecated:
        call.warnings.append(kind.deprecated)
    new = decoded(door, served, obj, strict=strict)
    namespace = old["metadata"].get("namespace") or ""
    name = old["metadata"]["name"]
    meta = new.setdefault("metadata", {})
    meta.pop("managedFields", None)
    check_namespace(kind, meta, namespace)
    dedup_owners(meta, call.warnings)
    _preconditions(kind, meta, old)
    as_sent = door.snapshot(new)
    request = Request(
        operation="UPDATE",
        kind=kind,
        namespace=namespace if kind.namespaced else (name if kind.kind == "Namespace" else ""),
        name=name,
        object=new,
        old=old,
        subresource=call.subresource,
        user=call.user,
        dry_run=call.dry_run,
        warnings=call.warnings,
        patching=Patching(door, served),
    )
    admit(door.plugins, request, door.store)
    _carry_over(meta, old["metadata"])
    errors: list[FieldError] = []
    if call.subresource == "status":
        (kind.prepare_status or keep_all_but_status)(new, old)
        errors += _common_errors(kind, meta, old["metadata"])
        errors += kind.validate_status(new, old)
    elif call.subresource in kind.subresources:
        kind.subresources[call.subresource].prepare(new, old)
        errors += _common_errors(kind, meta, old["metadata"])
        errors += kind.subresources[call.subresource].validate(new, old)
    else:
        door.allocate(new, old, call.dry_run)
        kind.prepare_update(new, old)
        errors += _common_errors(kind, meta, old["metadata"])
        errors += _update_errors(kind, new, old, obj)
    if errors:
        raise status.invalid(kind.name_in_refusals, name, errors)
    if call.subresource == "":
        call.warnings.extend(kind.update_warnings(new, old))
    elif call.subresource == "status":
        call.warnings.extend(kind.status_warnings(new, old))
    kind.finish(new)
    for plugin in door.plugins:
        plugin.validate(request, door.store)
    if call.dry_run:
        return new
    touch = Touch(old, as_sent, call.manager, call.subresource, door.store.clock.text(), served.custom) if own else None
    return door.commit(kind, new, old, request, touch)


def _preconditions(kind: Kind, meta: Object, old: Object) -> None:
    held = old["metadata"]
    if meta.get("uid") and meta["uid"] != held.get("uid"):
        raise status.conflict(
            kind.resource,
            held["name"],
            f"StorageError: invalid object, Code: 4, Key: /{kind.plural}/{'/'.join(filter(None, (held.get('namespace'), held['name'])))}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {held.get('uid', '')}",
        )
    if not meta.get("resourceVersion"):
        if not kind.unconditional_update:
            raise status.invalid(kind.name_in_refusals, held["name"], [invalid("metadata.resourceVersion", Printed("0"), "must be specified for an update")])
    elif meta["resourceVersion"] != held.get("resourceVersion"):
        raise status.conflict(kind.resource, held["name"], MODIFIED)


def _carry_over(meta: Object, held: Object) -> None:
    """What an update can never change.   Upstream: rest.BeforeUpdate."""
    for fixed in ("uid", "creationTimestamp", "generation", "resourceVersion"):
        if fixed in held:
            meta[fixed] = held[fixed]
        else:
            meta.pop(fixed, None)
    if "deletionTimestamp" in held:
        meta["deletionTimestamp"] = held["deletionTimestamp"]
    if "deletionGracePeriodSeconds" in held:
        meta.setdefault("deletionGracePeriodSeconds", held["deletionGracePeriodSeconds"])


def _update_errors(kind: Kind, new: Object, old: Object, sent: Object) -> list[FieldError]:
    """What the kind has against an update. Decoding drops empty lists and maps; a refusal that quotes the object shows them."""
    errors = list(kind.validate_update(new, old))
    if errors:
        shown = list(kind.validate_update(with_empties(new, sent), old))
        if [(e.reason, e.field) for e in shown] == [(e.reason, e.field) for e in errors]:
            return shown
    return errors


def _common_errors(kind: Kind, meta: Object, held: Object) -> Iterable[FieldError]:
    yield from validate_object_meta(meta, kind.namespaced, name_is_path_segment, kube_finalizers=kind.kube_finalizers)
    yield from validate_object_meta_update(meta, held, "metadata", kube_finalizers=kind.kube_finalizers)


def same(a: Any, b: Any) -> bool:
    """Whether a write would change nothing (resourceVersions apart)."""
    strip = {**a, "metadata": {k: v for k, v in a["metadata"].items() if k != "resourceVersion"}}
    return bool(strip == {**b, "metadata": {k: v for k, v in b["metadata"].items() if k != "resourceVersion"}})


__all__ = ["Call", "create", "decoded", "request_namespace", "resolve", "same", "schema", "update", "versioned"]
