"""The API's schemas: Go shapes, kinds by version, strict decoding, explaining, merge metadata."""

from __future__ import annotations

from kplan.schema.bundle import CURRENT, versions
from kplan.schema.decode import Decoded, cannot_be_handled, decode, decode_type, type_and_version
from kplan.schema.kinds import KindInfo, kinds, lookup, plural_of, versions_of
from kplan.schema.shapes import Field, Struct, Type, shape
from kplan.schema.strict import Undecodable

__all__ = [
    "CURRENT",
    "Decoded",
    "Field",
    "KindInfo",
    "Struct",
    "Type",
    "Undecodable",
    "cannot_be_handled",
    "decode",
    "decode_type",
    "kinds",
    "lookup",
    "plural_of",
    "shape",
    "type_and_version",
    "versions",
    "versions_of",
]
