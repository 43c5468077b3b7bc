"""What the door does for admission plugins that patch objects.

Upstream: apiserver/pkg/admission/plugin/policy/mutating/patch/{smd,json_patch}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kplan.admission.request import PatchError
from kplan.api.objects import Object
from kplan.api.status import StatusError, internal_error
from kplan.apiserver.merge.jsonpatch import json_patch
from kplan.apiserver.merge.merging import merge
from kplan.apiserver.merge.typed import faults, fit
from kplan.apiserver.registry import Served

if TYPE_CHECKING:
    from kplan.apiserver.door import Door
    from kplan.schema import Node


class Patching:
    """Patches objects of one kind; results are decoded and defaulted."""

    def __init__(self, door: Door, served: Served) -> None:
        self.door = door
        self.served = Served(served.kind, served.kind.version, served.simulated, served.custom)

    def merged(self, obj: Object, configuration: Object) -> Object:
        """An object with a configuration applied over it; atomic lists and maps may not be in it."""
        node = self.door.merge_schema(self.served)
        found = [str(fault) for fault in faults(node, configuration)]
        if found:
            text = found[0] if len(found) == 1 else "\n".join(["errors:", *(f"  {one}" for one in found)])
            raise PatchError(f"error applying patch: failed to convert patch object to typed object: {text}")
        atomic = list(_atomics(node, configuration, ""))
        if atomic:
            raise PatchError(f"error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {', '.join(atomic)}")
        return self._read(merge(node, obj, configuration))

    def patched(self, obj: Object, operations: list[Object]) -> Object:
        """An object after the operations of a JSON patch; a test that fails leaves it as it is."""
        try:
            changed = json_patch(obj, operations)
        except StatusError as error:
            if any(operation["op"] == "test" for operation in operations) and "test" in error.status.message:
                return obj
            raise PatchError(f"JSON Patch: {error.status.message}") from None
        return self._read(changed)

    def _read(self, changed: Object) -> Object:
        result = self.door.decode(self.served, changed, strict=True)
        if result.object is None or result.error is not None:
            raise internal_error(str(result.error))
        self.served.kind.default(result.object)
        return result.object


def _atomics(node: Node, value: Any, path: str) -> Iterator[str]:
    fits = fit(node, value)
    if isinstance(value, dict) and fits.map is not None:
        if fits.map.kind == "atomic":
            yield path
        for key, inner in value.items():
            below = fits.map.fields.get(key)
            if below is not None:
                yield from _atomics(below(), inner, f"{path}.{key}")
    elif isinstance(value, list) and fits.list is not None:
        if fits.list.kind == "atomic":
            yield path
        for i, inner in enumerate(value):
            yield from _atomics(fits.list.items(), inner, f"{path}[{i}]")
