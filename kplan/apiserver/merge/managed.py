"""managedFields: read, kept up to date on every write, written.

Upstream: apimachinery/pkg/util/managedfields/internal and structured-merge-diff/merge/update.go. Managers of other API versions are
compared in the version at hand: the field sets of kinds that are served in several versions seldom differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kplan import schema
from kplan.api.gotext import Struct, go_json, go_quote
from kplan.api.objects import Object
from kplan.apiserver.merge.comparing import Comparison, compare
from kplan.apiserver.merge.fieldset import FieldSet, Path, field_element, path_text
from kplan.schema import Node

APPLY, UPDATE = "Apply", "Update"
BEFORE_FIRST_APPLY = "before-first-apply"
ANCIENT = "ancient-changes"
MOST_UPDATERS = 10

STRIPPED = FieldSet.of(
    *(("f:apiVersion",), ("f:kind",), ("f:metadata",)),
    *(
        ("f:metadata", field_element(name))
        for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion")
    ),
)
"""Fields that nobody owns."""


@dataclass(frozen=True, slots=True)
class Manager:
    """One entry. `id` tells it apart: manager, operation and subresource, of updates the version too."""

    name: str
    operation: str
    api_version: str
    subresource: str
    fields: FieldSet
    time: str | None = None

    @property
    def id(self) -> str:
        """Upstream's identifier: the entry's JSON without what changes."""
        return _identifier(self.name, self.operation, self.api_version if self.operation == UPDATE else "", self.subresource)

    def __str__(self) -> str:
        text = go_quote(self.name)
        if self.subresource:
            text += f" with subresource {go_quote(self.subresource)}"
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text

    def owning(self, fields: FieldSet, time: str | None = None) -> Manager:
        """The same manager of other fields, at another time if one is given."""
        return Manager(self.name, self.operation, self.api_version, self.subresource, fields, time or self.time)


@lru_cache(maxsize=4096)
def _identifier(manager: str, operation: str, api_version: str, subresource: str) -> str:
    known = {"manager": manager, "operation": operation, "apiVersion": api_version, "subresource": subresource}
    return go_json(Struct({k: v for k, v in known.items() if v}))


Managers = dict[str, Manager]


class ConflictsError(Exception):
    """Fields that an apply would change and that others own, by manager."""

    def __init__(self, found: list[tuple[Manager, Path]]) -> None:
        super().__init__(conflict_message(found))
        self.found = found


def conflict_message(found: list[tuple[Manager, Path]]) -> str:
    """The refusal of an apply that would take fields from others."""
    if len(found) == 1:
        manager, path = found[0]
        return f"Apply failed with 1 conflict: conflict with {manager}: {path_text(path)}"
    lines: list[str] = []
    last = None
    for manager, path in found:
        if manager is not last:
            lines.append(f"conflicts with {manager}:")
            last = manager
        lines.append(f"- {path_text(path)}")
    return f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)


def decode(entries: Iterable[Object]) -> Managers:
    """The managers that `metadata.managedFields` states."""
    out: Managers = {}
    for entry in entries:
        fields = FieldSet.parse(entry.get("fieldsV1") or {})
        name, operation, api_version, subresource = (entry.get(key) or "" for key in ("manager", "operation", "apiVersion", "subresource"))
        manager = Manager(name, operation or UPDATE, api_version, subresource, fields, entry.get("time"))
        out[manager.id] = manager
    return out


def encode(managers: Managers) -> list[Object]:
    """`metadata.managedFields`: applies first, then by time, manager, version, subresource."""
    found = sorted(managers.values(), key=lambda m: (m.operation, m.time or "", m.name, m.api_version, m.subresource))
    out = []
    for manager in found:
        entry: Object = {"manager": manager.name, "operation": manager.operation, "apiVersion": manager.api_version}
        if manager.time:
            entry["time"] = manager.time
        entry |= {"fieldsType": "FieldsV1", "fieldsV1": manager.fields.dump()}
        if manager.subresource:
            entry["subresource"] = manager.subresource
        out.append(entry)
    return out


def update(
    entries: list[Object],
    old: Object | None,
    new: Object,
    manager: str,
    subresource: str,
    time: str,
    version: str = schema.CURRENT,
    node: Node | None = None,
    reset: Iterable[Path] | None = None,
) -> list[Object]:
    """The entries after a create, update or patch by a manager. `old` is None for a create; `time` as metav1.Time.

    `node` is how the kind merges (default: looked up; a kind that is not built in merges without a schema), `reset` the fields
    that the write could not change (default: what the kind's strategy resets).
    """
    if node is None:
        node = node_of(new, version)
    managers = decode(entries)
    if old is None:
        old = zero(new, version)
    elif not managers and (old.get("metadata") or {}).get("uid"):
        return entries
    me = Manager(manager or "unknown", UPDATE, new["apiVersion"], subresource, FieldSet(), time)
    ignored = FieldSet.of(*(reset if reset is not None else reset_fields(new["kind"], subresource)))
    after = encode(capped(updated(managers, bare(old), bare(new), me, node, ignored)))
    return entries if same_but_times(entries, after) and bare(old) == bare(new) else after


def updated(managers: Managers, old: Object, new: Object, me: Manager, node: Node, ignored: FieldSet) -> Managers:
    """The managers after a write that is not an apply.   Upstream: Updater.Update with the managers around it."""
    out, comparison = resolve(managers, old, new, "", node, ignored, force=True)
    fields = (comparison.modified | comparison.added).without_trees(ignored) - STRIPPED
    if not fields.empty:
        mine = out.get(me.id)
        out[me.id] = me.owning(mine.fields | fields if mine else fields)
    return out


def resolve(managers: Managers, old: Object, new: Object, mine: str, node: Node, ignored: FieldSet, *, force: bool) -> tuple[Managers, Comparison]:
    """Take from all managers but `mine` what a write changed or removed; raises ConflictsError unless forced.

    Upstream: Updater.update.
    """
    comparison = compare(node, old, new)
    seen = comparison.without(ignored)
    changed = seen.modified | seen.added
    conflicts = {id: both for id, manager in managers.items() if id != mine and not (both := manager.fields & changed).empty}
    if conflicts and not force:
        raise ConflictsError([(managers[id], path) for id in sorted(conflicts) for path in conflicts[id].paths()])
    out: Managers = {}
    for id, manager in managers.items():
        if id == mine:
            out[id] = manager
            continue
        fields = manager.fields - conflicts[id] if id in conflicts else manager.fields
        fields = fields - seen.removed
        if not fields.empty:
            out[id] = manager.owning(fields)
    if mine in out and out[mine].fields.empty:
        del out[mine]
    return out, comparison


def capped(managers: Managers) -> Managers:
    """At most ten updaters: the oldest of a version are thrown together.   Upstream: capManagersManager."""
    updaters = sorted((m for m in managers.values() if m.operation == UPDATE), key=lambda m: (m.time or "", m.id))
    count = len(updaters)
    if count <= MOST_UPDATERS:
        return managers
    out = dict(managers)
    first: dict[str, str] = {}
    for manager in updaters:
        if count <= MOST_UPDATERS:
            break
        version = manager.api_version
        if version not in first:
            first[version] = manager.id
            continue
        bucket = Manager(ANCIENT, UPDATE, version, "", FieldSet())
        gathered = out[bucket.id].fields if bucket.id in out else out.pop(first[version]).fields
        del out[manager.id]
        out[bucket.id] = bucket.owning(gathered | manager.fields, manager.time)
        count -= 1
    return out


def node_of(obj: Object, version: str) -> Node:
    """How an object's kind merges; without a schema where it is not built in."""
    try:
        return schema.merge_schema(obj["apiVersion"], obj["kind"], version)
    except KeyError:
        return schema.DEDUCED


@lru_cache(maxsize=512)
def _zero(api_version: str, kind: str, version: str) -> Object:
    empty: Object = {"apiVersion": api_version, "kind": kind}
    if schema.lookup(version, api_version, kind) is None:
        return empty
    return schema.decode(empty, api_version, kind, version).object or empty


def zero(obj: Object, version: str = schema.CURRENT) -> Object:
    """An object of the same kind with nothing set, as Go's empty struct is printed: what a create is compared with."""
    return _zero(obj["apiVersion"], obj["kind"], version)


_STATUS_ALSO: dict[str, tuple[Path, ...]] = {
    "Deployment": (("f:metadata", "f:labels"),),
    "Pod": (("f:metadata", "f:deletionTimestamp"), ("f:metadata", "f:ownerReferences")),
    "CertificateSigningRequest": (("f:status", "f:conditions"),),
}
_STATUS_NO_METADATA = frozenset(
    {
        *("ServiceCIDR", "StorageVersionMigration", "ResourceClaim", "DeviceTaintRule", "ResourcePoolStatusRequest", "StorageVersion", "VolumeAttachment"),
        *("FlowSchema", "PriorityLevelConfiguration", "ValidatingAdmissionPolicy", "CustomResourceDefinition", "APIService", "PodGroup"),
    }
)


def reset_fields(kind: str, subresource: str) -> tuple[Path, ...]:
    """The fields that a request cannot set, whose change it therefore does not own.   Upstream: GetResetFields of the strategies."""
    if subresource == "":
        return (("f:status",),)
    if subresource == "approval":
        return (("f:spec",), ("f:status", "f:certificate"))
    if subresource != "status":
        return ()
    return (("f:spec",), *((("f:metadata",),) if kind in _STATUS_NO_METADATA else ()), *_STATUS_ALSO.get(kind, ()))


def bare(obj: Object) -> Object:
    """An object without its managedFields."""
    meta = obj.get("metadata")
    if not isinstance(meta, dict) or "managedFields" not in meta:
        return obj
    return {**obj, "metadata": {k: v for k, v in meta.items() if k != "managedFields"}}


def same_but_times(one: list[Object], other: list[Object]) -> bool:
    """Whether entries say the same, whenever it was."""

    def timeless(entries: list[Object]) -> list[Any]:
        return sorted((go_json({k: v for k, v in entry.items() if k != "time"}) for entry in entries), key=str)

    return timeless(one) == timeless(other)
