"""State × state → Changes: what differs between two moments of a cluster, object by object and field by field.

Lists are matched by their map keys (`containers[name=web]`), as server-side apply matches them; what only the server writes is left out
unless asked for. Pure: it knows nothing of how the states came about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from kplan.api.objects import LAST_APPLIED, Object, controller_of, group_kind_of, group_of
from kplan.api.ref import Ref
from kplan.manifests.snapshot import MASKED
from kplan.schema import CURRENT, lookup, merge_schema

CREATE, UPDATE, REPLACE, DELETE = "create", "update", "replace", "delete"
ACTIONS = (CREATE, UPDATE, REPLACE, DELETE)
SERVER_METADATA = frozenset({"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"})
SERVER_ANNOTATIONS = frozenset(
    {LAST_APPLIED, "deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation", "node.alpha.kubernetes.io/ttl"}
)
MASK = "(sensitive)"
MOST_ITEMS = 1000  # of two lists without keys that are compared item by item
CUSTOMARY = (("name",), ("metadata.name",))  # by which lists without keys are matched, where that tells their items apart
NAME_OF_ACCOUNT = "spec.serviceAccountName"  # the server writes it to serviceAccount too, which nobody needs to be told
GENERATED = ("controller-uid", "batch.kubernetes.io/controller-uid")  # keys whose values the server draws for each Job


class FieldChange(NamedTuple):
    """One field. `before` or `after` is None where there is nothing; `masked` values are those of Secrets."""

    path: str
    before: Any
    after: Any
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One object that differs. `cause` is the object whose controller made the change, None for what the user stated."""

    ref: Ref
    action: str
    fields: tuple[FieldChange, ...] = ()
    before: Object | None = None
    after: Object | None = None
    cause: Ref | None = None


State = Mapping[Ref, Object]


def state_of(objects: Iterable[Object]) -> dict[Ref, Object]:
    """Objects by their refs."""
    return {Ref.of(o): o for o in objects}


def changes(before: State, after: State, *, full: bool = False) -> tuple[Change, ...]:
    """Everything that differs, in the order of refs. `full`: also what only the server writes (status, generation).

    What was asked to go and is still there, because a finalizer holds it, is a DELETE with an `after`.
    """
    found = []
    causes, causes_before = Causes(after), Causes(before)
    for ref in sorted({*before, *after}):
        old, new = before.get(ref), after.get(ref)
        if old is new:
            continue
        if old is None:
            assert new is not None
            found.append(Change(ref, CREATE, (), None, new, causes.of(new)))
        elif new is None:
            found.append(Change(ref, DELETE, (), old, None, causes_before.of(old)))
        else:
            fields = tuple(sorted(fields_of(old, new, full=full), key=lambda f: f.path))
            recreated = old["metadata"].get("uid") != new["metadata"].get("uid")
            leaving = "deletionTimestamp" in new["metadata"] and (recreated or "deletionTimestamp" not in old["metadata"])
            if fields or recreated:
                found.append(Change(ref, DELETE if leaving else REPLACE if recreated else UPDATE, fields, old, new, causes.of(new)))
    return tuple(found)


def fields_of(old: Object, new: Object, *, full: bool = False) -> Iterator[FieldChange]:
    """The fields in which two versions of one object differ."""
    secret = group_kind_of(new) == "Secret"
    node = merge_schema(new["apiVersion"], new["kind"]) if lookup(CURRENT, new["apiVersion"], new["kind"]) else None
    differing = list(_differ("", _stated(old, full), _stated(new, full), node))
    named = {c.path for c in differing if c.path.endswith(NAME_OF_ACCOUNT)}
    for change in differing:
        if not full and (change.path.removesuffix("]").endswith(GENERATED) or f"{change.path}Name" in named):
            continue
        if secret and change.before == MASKED and change.after is not None:
            continue  # a snapshot without the values of Secrets: whether they change cannot be told
        if secret and (LAST_APPLIED in change.path or change.path.split(".")[0].split("[")[0] in ("data", "stringData")):
            yield FieldChange(change.path, MASK if change.before is not None else None, MASK if change.after is not None else None, True)
        elif secret:  # all annotations of which one side has none are one change
            yield change._replace(before=_without_applied(change.before), after=_without_applied(change.after))
        else:
            yield change


def _without_applied(value: Any) -> Any:
    return {**value, LAST_APPLIED: MASK} if isinstance(value, dict) and LAST_APPLIED in value else value


def masked(obj: Object) -> Object:
    """An object that may be shown: the values of a Secret are replaced."""
    if group_kind_of(obj) != "Secret":
        return obj
    shown = {**obj, **{f: dict.fromkeys(obj[f], MASK) for f in ("data", "stringData") if obj.get(f)}}
    annotations = obj["metadata"].get("annotations") or {}
    if LAST_APPLIED in annotations:
        shown["metadata"] = {**obj["metadata"], "annotations": {**annotations, LAST_APPLIED: MASK}}
    return shown


def cause_of(obj: Object, state: State) -> Ref | None:
    """The topmost object that made this one: along owners, from a volume to its claim, from a slice to its Service."""
    found: Ref | None = None
    seen = {Ref.of(obj)}
    current: Object | None = obj
    while current is not None:
        parent = _parent(current, state)
        if parent is None or parent in seen:
            break
        seen.add(parent)
        found = parent
        current = state.get(parent)
    return found


class Causes:
    """`cause_of` for many objects of one state: what the children of an object share is looked up once."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[Ref, Ref] = {}  # the cause of whatever these refs made

    def of(self, obj: Object) -> Ref | None:
        """The topmost object that made this one."""
        parent = _parent(obj, self._state)
        if parent is None:
            return None
        found = self._known.get(parent)
        if found is None:
            maker = self._state.get(parent)
            found = self._known[parent] = (cause_of(maker, self._state) if maker is not None else None) or parent
        # Objects that own each other in a circle have causes that depend on where one begins.
        return cause_of(obj, self._state) if found == Ref.of(obj) else found


def _parent(obj: Object, state: State) -> Ref | None:
    meta = obj["metadata"]
    namespace = meta.get("namespace") or ""
    owner = controller_of(obj) or next(iter(meta.get("ownerReferences") or ()), None)
    if owner is not None:
        return Ref(group_of(owner["apiVersion"]), owner["kind"], namespace, owner["name"])
    kind = group_kind_of(obj)
    if kind == "PersistentVolume" and (meta.get("annotations") or {}).get("pv.kubernetes.io/provisioned-by"):
        claim = obj["spec"].get("claimRef") or {}
        return Ref("", "PersistentVolumeClaim", claim.get("namespace", ""), claim.get("name", ""))
    if kind == "Endpoints" and Ref("", "Service", namespace, meta["name"]) in state:
        return Ref("", "Service", namespace, meta["name"])
    if kind == "PersistentVolumeClaim":
        return _claiming_set(obj, namespace, state)
    if (kind, meta["name"]) in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")):
        return Ref("", "Namespace", "", namespace)
    return None


def _claiming_set(claim: Object, namespace: str, state: State) -> Ref | None:
    """The StatefulSet from whose claim template a claim came: `data-db-0` of template data and set db."""
    name, _, ordinal = claim["metadata"]["name"].rpartition("-")
    if not ordinal.isdecimal():
        return None
    for ref, obj in state.items():
        if ref.kind == "StatefulSet" and ref.namespace == namespace and name.endswith("-" + ref.name):
            templates = {t["metadata"]["name"] for t in obj["spec"].get("volumeClaimTemplates") or ()}
            if name.removesuffix("-" + ref.name) in templates:
                return ref
    return None


def _stated(obj: Object, full: bool) -> Object:
    """An object without what only the server writes."""
    if full:
        return obj
    meta = {k: v for k, v in obj["metadata"].items() if k not in SERVER_METADATA}
    if meta.get("annotations"):
        meta["annotations"] = {k: v for k, v in meta["annotations"].items() if k not in SERVER_ANNOTATIONS}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta}


def _differ(path: str, old: Any, new: Any, node: Any) -> Iterator[FieldChange]:
    if old is new or old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            child = node.field(key) if node is not None else None
            yield from _differ(_child(path, key), old.get(key), new.get(key), child)
    elif isinstance(old, list) and isinstance(new, list) and (keys := _keys(node, old, new)):
        yield from _differ_items(path, old, new, keys, node)
    elif isinstance(old, list) and isinstance(new, list) and len(old) + len(new) <= MOST_ITEMS and all(isinstance(i, dict) for i in (*old, *new)):
        yield from _differ_sequence(path, old, new)
    else:
        yield FieldChange(path, old, new)


def _differ_items(path: str, old: list[Any], new: list[Any], keys: tuple[str, ...], node: Any) -> Iterator[FieldChange]:
    def by_key(items: list[Any]) -> dict[tuple[Any, ...], Any]:
        return {tuple(_at(i, k) for k in keys): i for i in items}

    before, after = by_key(old), by_key(new)
    inner = node.items() if callable(getattr(node, "items", None)) else None
    for key in [*before, *(k for k in after if k not in before)]:
        name = ",".join(f"{k.removeprefix('metadata.')}={v}" for k, v in zip(keys, key, strict=True) if v is not None)
        yield from _differ(f"{path}[{name}]", before.get(key), after.get(key), inner)


def _differ_sequence(path: str, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    """Items that nothing tells apart but their place: those that came, those that went, those that stand where others stood."""
    was, now = ([json.dumps(i, sort_keys=True, default=str) for i in items] for items in (old, new))
    for kind, i, i_end, j, j_end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        for k in range(max(i_end - i, j_end - j) if kind != "equal" else 0):
            before, after = old[i + k] if i + k < i_end else None, new[j + k] if j + k < j_end else None
            yield from _differ(f"{path}[{i + k if after is None else j + k}]", before, after, None)


def _keys(node: Any, old: list[Any], new: list[Any]) -> tuple[str, ...]:
    """The keys by which items are matched; none where they are not maps or the keys do not tell them apart."""
    if not all(isinstance(i, dict) for i in (*old, *new)):
        return ()
    stated = tuple(node.list.keys) if node is not None and node.list is not None and node.list.keys else ()
    return next((keys for keys in ((stated,) if stated else CUSTOMARY) if _tell_apart(keys, old) and _tell_apart(keys, new)), ())


def _tell_apart(keys: tuple[str, ...], items: list[Any]) -> bool:
    values = [tuple(_at(i, k) for k in keys) for i in items]
    return len(set(map(repr, values))) == len(values) and not any(all(v is None for v in value) for value in values)


def _at(item: Any, key: str) -> Any:
    """The value of a key, such as `metadata.name` of a claim template."""
    for part in key.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def _child(path: str, key: str) -> str:
    if not path:
        return key
    return f"{path}[{key}]" if "." in key or "/" in key else f"{path}.{key}"
