"""The built-in kinds, one module each. `KINDS` is the whole list, in the order of discovery."""

from __future__ import annotations

from kplan.kinds import (
    csidriver,
    csinode,
    csistoragecapacity,
    persistentvolume,
    persistentvolumeclaim,
    storageclass,
    volumeattachment,
    volumeattributesclass,
)
from kplan.kinds.kind import Kind, Reference

KINDS: tuple[Kind, ...] = (
    persistentvolume.KIND,
    persistentvolumeclaim.KIND,
    csidriver.KIND,
    csinode.KIND,
    csistoragecapacity.KIND,
    storageclass.KIND,
    volumeattachment.KIND,
    volumeattributesclass.KIND,
)

__all__ = ["KINDS", "Kind", "Reference"]
