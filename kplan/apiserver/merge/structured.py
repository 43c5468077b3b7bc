"""Server-side apply: merging by field ownership.

Upstream: apimachinery/pkg/util/managedfields and structured-merge-diff/merge/update.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from kplan import schema
from kplan.api.gotext import go_json
from kplan.api.objects import LAST_APPLIED, Object, annotations_of, replace
from kplan.api.status import Cause, Status, StatusError, bad_request
from kplan.apiserver.merge import managed
from kplan.apiserver.merge.comparing import Comparison, compare
from kplan.apiserver.merge.fieldset import FieldSet, Path, path_text
from kplan.apiserver.merge.managed import APPLY, BEFORE_FIRST_APPLY, UPDATE, ConflictsError, Manager, Managers
from kplan.apiserver.merge.merging import merge, remove
from kplan.apiserver.merge.typed import equal, faults, field_set
from kplan.schema import Node

KUBECTL = "kubectl"


def apply(
    live: Object | None,
    applied: Object,
    manager: str,
    force: bool,
    node: Node,
    time: str,
    subresource: str = "",
    version: str = schema.CURRENT,
    reset: Iterable[Path] | None = None,
) -> tuple[Object, list[Object]]:
    """What an object is after an apply (without managedFields), and its managedFields.

    `live` is the stored object in the version of `applied`, with its managedFields, or None. Raises a StatusError for what does
    not fit the schema, and for fields that others own unless `force`.
    """
    if (applied.get("metadata") or {}).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    found = list(faults(node, applied))
    if found:
        raise _broken(applied, "\n".join(["errors:", *(f"  {fault}" for fault in found)]) if len(found) > 1 else str(found[0]))
    before = managed.bare(live) if live is not None else managed.zero(applied, version)
    entries = (live.get("metadata") or {}).get("managedFields") or [] if live is not None else []
    managers = managed.decode(entries)
    ignored = FieldSet.of(*(reset if reset is not None else managed.reset_fields(applied["kind"], subresource)))
    if not managers and live is not None:
        first = Manager(BEFORE_FIRST_APPLY, UPDATE, applied["apiVersion"], subresource, FieldSet(), time)
        managers = managed.capped(managed.updated({}, managed.zero(applied, version), before, first, node, ignored))
    me = Manager(manager or "unknown", APPLY, applied["apiVersion"], subresource, FieldSet(), None)
    try:
        after, out = _apply(before, applied, managers, me, force, node, ignored)
    except ConflictsError as error:
        left = error.found
        if manager == KUBECTL:
            left = _not_last_applied(before, error.found, node)
        if left:
            raise _conflicted(left) from None
        after, out = _apply(before, applied, managers, me, True, node, ignored)
    unchanged = live is not None and equal(before, after)
    if me.id in out:
        fields = out[me.id].fields - managed.STRIPPED
        if fields.empty:
            del out[me.id]
        else:
            before_time = managers[me.id].time if me.id in managers else None
            out[me.id] = me.owning(fields, before_time if unchanged else time)
    if manager == KUBECTL and annotations_of(after).get(LAST_APPLIED):
        after = replace(after, ("metadata", "annotations", LAST_APPLIED), _last_applied(applied))
    new = managed.encode(out)
    return after, entries if unchanged and managed.same_but_times(entries, new) else new


def _apply(live: Object, applied: Object, managers: Managers, me: Manager, force: bool, node: Node, ignored: FieldSet) -> tuple[Object, Managers]:
    """Merge, take away what the manager applied before and no longer does, settle who owns what.   Upstream: Updater.Apply."""
    merged: Object = merge(node, live, applied)
    last = managers[me.id].fields if me.id in managers else FieldSet()
    mine = me.owning(field_set(node, applied).without_trees(ignored))
    out = {**managers, me.id: mine}
    after = _pruned(merged, out, last, node)
    if len(out) == 1:  # nobody else from whom anything could be taken
        return after, out if not mine.fields.empty else {}
    return after, managed.resolve(out, live, after, me.id, node, ignored, force=force)[0]


def _pruned(merged: Object, managers: Managers, last: FieldSet, node: Node) -> Object:
    """Without the fields and items that were applied last time, are not now, and that nobody else owns.   Upstream: Updater.prune."""
    if last.empty:
        return merged
    dropped = last.with_named(node)
    pruned = remove(node, merged, dropped)
    owned = FieldSet()
    for manager in managers.values():
        owned |= manager.fields
    whole = field_set(node, merged).with_named(node)
    kept = field_set(node, pruned).with_named(node) if pruned is not None else FieldSet()
    pruned = remove(node, merged, whole - (kept | owned.with_named(node)))
    kept = field_set(node, pruned).with_named(node) if pruned is not None else FieldSet()
    return remove(node, merged, (whole - kept) & dropped) or {}


def _not_last_applied(live: Object, found: list[tuple[Manager, Path]], node: Node) -> list[tuple[Manager, Path]]:
    """The conflicts that are not about what kubectl itself applied from the client side, unchanged since.

    Upstream: lastAppliedManager: `kubectl apply --server-side` takes over what `kubectl apply` wrote.
    """
    text = annotations_of(live).get(LAST_APPLIED)
    if not text:
        return found
    try:
        last = json.loads(text)
    except ValueError:
        return found
    if not isinstance(last, dict) or last.get("apiVersion") != live.get("apiVersion") or any(faults(node, last)):
        return found
    comparison: Comparison = compare(node, last, live)
    allowed = field_set(node, last) - comparison.modified - comparison.added - comparison.removed
    return [(manager, path) for manager, path in found if not allowed.has(path)]


def _last_applied(applied: Object) -> str:
    """The annotation's text for an applied object."""
    annotations = {k: v for k, v in annotations_of(applied).items() if k != LAST_APPLIED}
    return go_json(replace(applied, ("metadata", "annotations"), annotations) if annotations_of(applied) else applied) + "\n"


def _broken(applied: Object, words: str) -> StatusError:
    """500: what is applied does not fit the schema."""
    meta = applied.get("metadata") or {}
    api_version, kind = applied["apiVersion"], applied["kind"]
    who = f"{meta.get('namespace') or ''}/{meta.get('name') or ''}; {api_version if '/' in api_version else '/' + api_version}, Kind={kind}"
    return StatusError(Status(500, "", f"failed to create typed patch object ({who}): {words}"))


def _conflicted(found: list[tuple[Manager, Path]]) -> StatusError:
    """409: others own what would be changed."""
    causes = tuple(Cause("FieldManagerConflict", path_text(path), f"conflict with {manager}") for manager, path in found)
    return StatusError(Status(409, "Conflict", managed.conflict_message(found), causes))
