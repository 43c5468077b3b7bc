"""Which fields of a change people are told, and in which words: schemas of definitions in brief, the same change of many objects once. Machines get all."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from kplan.api.ref import Ref
from kplan.diff import UPDATE, Change, FieldChange

SCHEMA = ".schema.openAPIV3Schema"
MOST_FIELDS, MOST_OF_SCHEMAS = 30, 4
ALIKE = 3  # from how many objects on the same change of their metadata is told once
_ITEMS, _KEYS = (re.compile(rf"(?<!\.properties)\.{word}(?=\.|$)") for word in ("items", "additionalProperties"))
_VERSION = re.compile(r"^spec\.versions\[name=([^\]]+)\]$")


def told(change: Change) -> tuple[list[FieldChange], str]:
    """The fields to show, those of schemas with paths as users of the kind know them; words on the others, the empty text where there are none."""
    schemas = [f for f in change.fields if SCHEMA in f.path]
    described = [f for f in schemas if _describes(f.path)]
    formal = [f for f in schemas if not _describes(f.path)]
    others = [f for f in change.fields if SCHEMA not in f.path]
    shown = [*others[:MOST_FIELDS], *(f._replace(path=_brief(f.path)) for f in formal[:MOST_OF_SCHEMAS])]
    left = len(others) + len(formal) - len(shown)
    words = [f"{left} more field{'s' if left != 1 else ''}"] if left else []
    words += [f"{len(described)} description{'s' if len(described) != 1 else ''} in the schemas"] if described else []
    return shown, " and ".join(words)


def _describes(path: str) -> bool:
    """Whether a field of a schema is only documentation."""
    return path.endswith(".description") and not path.endswith(".properties.description")


def _brief(path: str) -> str:
    """`schema[v1].spec.hosts[].port` for what a version's schema says of a field."""
    head, _, rest = path.partition(SCHEMA)
    version = _VERSION.match(head)
    rest = _KEYS.sub("[*]", _ITEMS.sub("[]", rest)).replace(".properties.", ".")
    return f"schema[{version.group(1) if version else head}]{rest}"


def same(changes: Sequence[Change], followed: Collection[Ref]) -> list[list[Change]]:
    """Updates that change the same metadata in the same way, where there are several; `followed` are those with something to tell besides."""
    groups: dict[tuple[FieldChange, ...], list[Change]] = {}
    for change in changes:
        if change.action == UPDATE and change.ref not in followed and all(_plain(f) for f in change.fields):
            groups.setdefault(change.fields, []).append(change)
    return [group for group in groups.values() if len(group) >= ALIKE]


def _plain(field: FieldChange) -> bool:
    return field.path.startswith("metadata.") and all(v is None or isinstance(v, str) for v in (field.before, field.after))


__all__ = ["same", "told"]
