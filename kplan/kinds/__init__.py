"""The built-in kinds, one module each. `KINDS` is the whole list, in the order of discovery."""

from __future__ import annotations

from kplan.kinds.kind import Kind, Reference

KINDS: tuple[Kind, ...] = ()

__all__ = ["KINDS", "Kind", "Reference"]
