"""What most kinds do before they are validated: status out, status kept, generation counted.

Upstream: the PrepareForCreate and PrepareForUpdate of each kind's strategy.go, which repeat these few lines.
"""

from __future__ import annotations

from typing import Any

from kplan.api.objects import Object

_TAGGED = frozenset({"metadata", "selector", "labelSelector", "namespaceSelector", "objectSelector", "podSelector"})


def first_generation(obj: Object) -> None:
    """A new object has generation 1."""
    obj["metadata"]["generation"] = 1


def clear_status(obj: Object) -> None:
    """Status is the controllers' to write: what a creator says of it is dropped."""
    obj.pop("status", None)


def keep_status(new: Object, old: Object) -> None:
    """An update of the main resource leaves the status alone."""
    if "status" in old:
        new["status"] = old["status"]
    else:
        new.pop("status", None)


def keep_all_but_status(new: Object, old: Object) -> None:
    """An update of the status subresource leaves all else alone but metadata (callers restore what they must)."""
    status = new.get("status")
    for key in [k for k in new if k not in ("apiVersion", "kind", "metadata")]:
        del new[key]
    new.update({k: v for k, v in old.items() if k not in ("apiVersion", "kind", "metadata", "status")})
    if status is not None:
        new["status"] = status


def keep_metadata_for_status(new: Object, old: Object) -> None:
    """An update of the status of some kinds leaves the metadata alone too.   Upstream: metav1.ResetObjectMetaForStatus."""
    for key in ("deletionTimestamp", "generation", "selfLink", "labels", "annotations", "finalizers", "ownerReferences"):
        if key in old["metadata"]:
            new["metadata"][key] = old["metadata"][key]
        else:
            new["metadata"].pop(key, None)


def count_generation(new: Object, old: Object, *fields: str) -> None:
    """A change of one of the top-level `fields` (`spec`; `metadata.annotations`) makes the next generation."""

    def part(obj: Object, field: str) -> object:
        if field.startswith("metadata."):
            return (obj.get("metadata") or {}).get(field.removeprefix("metadata.")) or None
        return obj.get(field) or None

    if any(part(new, f) != part(old, f) for f in fields):
        new["metadata"]["generation"] = (old["metadata"].get("generation") or 0) + 1


def restore_empty(new: Object, sent: Object, path: tuple[str, ...]) -> None:
    """Put a list or map back that was sent empty at `path` and dropped by decoding, where what holds it is still there.

    A `*` in the path stands for each item of a list.
    """
    key, rest = path[0], path[1:]
    given = sent.get(key)
    if not rest:
        if given is not None and not given and isinstance(given, dict | list):
            new[key] = type(given)()
        return
    held = new.get(key)
    if isinstance(held, dict) and isinstance(given, dict):
        restore_empty(held, given, rest)
    elif rest[0] == "*" and isinstance(held, list) and isinstance(given, list):
        for one, other in zip(held, given, strict=False):
            if isinstance(one, dict) and isinstance(other, dict):
                restore_empty(one, other, rest[1:])


def with_empties(new: Any, sent: Any, key: str = "") -> Any:
    """`new` as the server sees it when it says what it refuses: the empty lists and maps that were sent are there, not unset.

    Those of metadata and label selectors are left out: their Go types have JSON tags, which omit them. `new` stays as it is.
    """
    if key in _TAGGED:
        return new
    if isinstance(new, dict) and isinstance(sent, dict):
        shown = {k: with_empties(v, sent.get(k), k) for k, v in new.items()}
        for k, v in sent.items():
            if shown.get(k) is None and k not in _TAGGED and _says_nothing(v):
                shown[k] = v
        return shown
    if isinstance(new, list) and isinstance(sent, list):
        return [*map(with_empties, new, sent), *new[len(sent) :]]
    return new


def _says_nothing(sent: Any) -> bool:
    """An empty list or map, or a struct of nothing but such."""
    return sent == [] or (isinstance(sent, dict) and all(map(_says_nothing, sent.values())))
