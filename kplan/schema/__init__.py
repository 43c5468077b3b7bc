"""The API's schemas: Go shapes, kinds by version, strict decoding, explaining, merge metadata."""

from __future__ import annotations

from kplan.schema.shapes import Field, Struct, Type, shape

__all__ = ["Field", "Struct", "Type", "shape"]
