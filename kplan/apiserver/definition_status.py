"""The status of definitions: their names are accepted, they are established.

Upstream: apiextensions-apiserver/pkg/controller/{status,establish,apiapproval,nonstructuralschema}, loops of the API server itself. Here
a definition comes to rest as soon as it is written. A schema that is not structural can only be one of a definition that keeps
unknown fields, so only those are looked at.
"""

from __future__ import annotations

from kplan.api.field import FieldError, aggregate, invalid
from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.api.reader import Entry
from kplan.apiserver.store import Store
from kplan.kinds.checks import same
from kplan.kinds.crd_ratchet import has_invalid_ca_bundle
from kplan.kinds.crd_structural import not_convertible, structural_errors
from kplan.kinds.customresourcedefinition import approval, condition_is, is_protected

DEFINITION = "CustomResourceDefinition.apiextensions.k8s.io"
ACCEPTED = "the initial names have been accepted"
APPROVALS = {
    "invalid": ("False", "InvalidAnnotation"),
    "missing": ("False", "MissingAnnotation"),
    "approved": ("True", "ApprovedAnnotation"),
    "bypassed": ("False", "UnapprovedAnnotation"),
}
NAMES = (("plural", "PluralConflict"), ("singular", "SingularConflict"), ("kind", "KindConflict"), ("listKind", "ListKindConflict"))


def on_write(entry: Entry, store: Store) -> None:
    """Follow a write of a definition: its status, and that of others in its group where it took or freed names."""
    if entry.new is not None:
        _settle(entry.object["metadata"]["name"], store)
    before, after = ((obj.get("status") or {}).get("acceptedNames") if obj else None for obj in (entry.old, entry.new))
    if before is not None and before != after:
        for other in list(store.list(DEFINITION)):
            if other["spec"].get("group") == entry.object["spec"].get("group") and condition_is(other, "NamesAccepted", "False"):
                _settle(other["metadata"]["name"], store)


def _settle(name: str, store: Store) -> None:
    """Write the status that a definition should have, where it has another."""
    definition = store.get(DEFINITION, "", name)
    if definition is None or "deletionTimestamp" in definition["metadata"]:
        return
    status = definition.get("status") or {}
    new = _named(definition, status, store)
    if definition["spec"].get("preserveUnknownFields"):
        new = _structural(definition, new, store.clock.text())
    new = _approved(definition, new, store.clock.text())
    if not same(new, status):
        store.put(DEFINITION, {**definition, "status": new})


def _named(definition: Object, status: Object, store: Store) -> Object:
    """Names that nobody else in the group has are accepted; then the definition is established.

    Upstream: calculateNamesAndConditions, EstablishingController.
    """
    wanted, accepted = definition["spec"].get("names") or {}, status.get("acceptedNames") or {}
    if not same({k: v for k, v in wanted.items() if v}, {k: v for k, v in accepted.items() if v}):
        status = _accepted(definition, status, wanted, accepted, store)
    named = any(c["type"] == "NamesAccepted" and c["status"] == "True" for c in status.get("conditions") or ())
    established = any(c["type"] == "Established" and c["status"] == "True" for c in status.get("conditions") or ())
    if not named or established:
        return status
    if has_invalid_ca_bundle(definition["spec"]):
        return with_condition(status, "Established", "False", "InvalidCABundle", "The conversion webhook CABundle is invalid", store.clock.text())
    return with_condition(status, "Established", "True", "InitialNamesAccepted", ACCEPTED, store.clock.text())


def _accepted(definition: Object, status: Object, wanted: Object, accepted: Object, store: Store) -> Object:
    """The names that can be had, and what came of it as conditions."""
    resources, kinds = _taken(definition["spec"].get("group"), store)
    names, conflict = dict(accepted), ("", "")
    for name, reason in NAMES:
        text = wanted.get(name) or ""
        if name == "kind" and wanted.get("shortNames") != accepted.get("shortNames"):
            held = accepted.get("shortNames") or ()
            clashes = [f"{go_quote(short)} is already in use" for short in wanted.get("shortNames") or () if short not in held and short in resources]
            if clashes:
                conflict = ("ShortNamesConflict", clashes[0] if len(clashes) == 1 else f"[{', '.join(dict.fromkeys(clashes))}]")
            else:
                names["shortNames"] = wanted.get("shortNames")
        if text != (accepted.get(name) or "") and text in (kinds if name in ("kind", "listKind") else resources):
            conflict = (reason, f"{go_quote(text)} is already in use")
        else:
            names[name] = text
    names["categories"] = wanted.get("categories")
    status = {**status, "acceptedNames": {k: v for k, v in names.items() if v or k in ("plural", "kind")}}
    if conflict[0]:
        status = with_condition(status, "NamesAccepted", "False", *conflict, store.clock.text())
        if not condition_is({"status": status}, "Established", "True"):
            status = with_condition(status, "Established", "False", "NotAccepted", "not all names are accepted", store.clock.text())
        return status
    return with_condition(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found", store.clock.text())


def _taken(group: str, store: Store) -> tuple[set[str], set[str]]:
    """The resource names and the kinds that definitions of a group have."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in store.list(DEFINITION):
        if other["spec"].get("group") == group:
            names = (other.get("status") or {}).get("acceptedNames") or {}
            resources |= {names.get("plural") or "", names.get("singular") or "", *(names.get("shortNames") or ())}
            kinds |= {names.get("kind") or "", names.get("listKind") or ""}
    return resources, kinds


def _structural(definition: Object, status: Object, now: str) -> Object:
    """Definitions from before schemas had to be structural are told so."""
    spec = definition["spec"]
    errors: list[FieldError] = []
    if spec.get("preserveUnknownFields"):
        errors.append(invalid("spec.preserveUnknownFields", True, "must be false"))
    for index, version in enumerate(spec.get("versions") or ()):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if schema is None:
            continue
        if words := not_convertible(schema):
            message = f"failed to check validation schema for version {version['name']}: {words}"
            return with_condition(status, "NonStructuralSchema", "Unknown", "StructuralError", message, now)
        errors += structural_errors(schema, f"spec.versions[{index}].schema.openAPIV3Schema")
    if errors:
        return with_condition(status, "NonStructuralSchema", "True", "Violations", aggregate(errors), now)
    conditions = status.get("conditions") or []
    kept = [c for c in conditions if c["type"] != "NonStructuralSchema"]
    return {**status, "conditions": kept} if len(kept) < len(conditions) else status


def _approved(definition: Object, status: Object, now: str) -> Object:
    """Groups of the Kubernetes community need approval."""
    if not is_protected(definition["spec"].get("group") or ""):
        return status
    state, words = approval(definition)
    value, reason = APPROVALS[state]
    return with_condition(status, "KubernetesAPIApprovalPolicyConformant", value, reason, words, now)


def with_condition(status: Object, type: str, value: str, reason: str, message: str, now: str) -> Object:
    """The status with a condition set, in its old place if it was there; its time moves with its value.   Upstream: SetCRDCondition."""
    conditions = list(status.get("conditions") or ())
    new = {"type": type, "status": value, "lastTransitionTime": now, "reason": reason, "message": message}
    for index, held in enumerate(conditions):
        if held["type"] == type:
            if held["status"] == value and held.get("lastTransitionTime"):
                new["lastTransitionTime"] = held["lastTransitionTime"]
            conditions[index] = {**held, **new}
            return {**status, "conditions": conditions}
    return {**status, "conditions": [*conditions, new]}
