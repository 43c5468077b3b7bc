"""Objects of a state that a server could have given: the others are left out and named.

A state is restored without the door; so that what reads it may rely on an object's shape, each is decoded and defaulted here, which leaves what a
server gave as it is, and makes manifests do for a state. Only what is missing or unreadable counts: what was valid once stays, whatever the rules
say today.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Sequence
from typing import Any

from kplan.api import field
from kplan.api.objects import Object, copy_tree
from kplan.api.ref import Ref
from kplan.apiserver.door import Door
from kplan.schema import lookup
from kplan.schema.structs import root, slots

MOST_NAMED = 3
_TOKEN = re.compile(rb"kube-api-access-[a-z0-9]{5}")


def sound(objects: Sequence[Object], door: Door) -> tuple[list[Object], list[str]]:
    """The objects that can be restored, and a note on the others."""
    kept: list[Object] = []
    wrong: list[str] = []
    judged: set[bytes] = set()
    for obj in objects:
        meta: Any = obj.get("metadata")
        if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
            wrong.append(f"{obj.get('kind')} without a name")
            continue
        read, why = _read(obj, door, judged)
        if why:
            wrong.append(f"{Ref.of(obj)} ({why})")
        else:
            kept.append(_whole(read, door.store.version))
    if not wrong:
        return kept, []
    more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    return kept, [f"left out of the state, no server gives them: {', '.join(wrong[:MOST_NAMED])}{more}"]


def _read(obj: Object, door: Door, judged: set[bytes]) -> tuple[Object, str]:
    """The object with its defaults, which one from a server has already; and what no stored object lacks, empty where nothing.

    `judged` are pods that lack nothing, by what makes others like them.
    """
    served = door.registry.resolve(obj["apiVersion"], obj["kind"])
    if served is None or served.custom is not None:
        return obj, ""
    decoded = door.decode(served, obj, strict=False)
    if decoded.error is not None or decoded.object is None:
        return obj, str(decoded.error)
    new = decoded.object
    if served.version != served.kind.version and served.kind.to_preferred is not None:
        new = obj = served.kind.to_preferred(served.version, new)
    elif not served.simulated or served.version != served.kind.version:
        return obj, ""
    if served.kind.namespaced and not new["metadata"].get("namespace"):
        new["metadata"]["namespace"] = "default"  # as restoring takes it
    alike = _alike(new) if obj["kind"] == "Pod" else b""
    if alike in judged:
        return obj, ""
    undefaulted = copy_tree(new)
    if obj is new:
        obj = undefaulted
    served.kind.default(new)
    missing = next((e for e in served.kind.validate(new) if e.reason == field.REQUIRED), None)
    if new != undefaulted:
        obj = new
    elif missing is None and alike:
        judged.add(alike)
    return obj, f"{missing.field}: {missing.message}" if missing else ""


def _alike(pod: Object) -> bytes:
    """What pods of one template share of what is asked of them: the spec but for its node and the random name of the token's volume."""
    spec = pod.get("spec")
    return _TOKEN.sub(b"", marshal.dumps({k: v for k, v in spec.items() if k != "nodeName"}, 2)) if isinstance(spec, dict) else b""


def _whole(obj: Object, version: str) -> Object:
    """The object with its spec, which a server always gives, empty or not."""
    info = lookup(version, obj["apiVersion"], obj["kind"]) if "spec" not in obj else None
    if info is None or "spec" not in {slot.json for slot in slots(version, root(version, info.definition).name)}:
        return obj
    return {**obj, "spec": {}}
