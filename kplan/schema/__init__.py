"""The API's schemas: Go shapes, kinds by version, strict decoding, explaining, merge metadata."""

from __future__ import annotations

from kplan.schema.bundle import CURRENT, versions
from kplan.schema.checking import SchemaError, check
from kplan.schema.decoding import Decoded, cannot_be_handled, decode, decode_type, type_and_version
from kplan.schema.mergeschema import DEDUCED, UNTYPED, ListType, MapType, Node, merge_schema, schema_node, structural_node
from kplan.schema.removals import Removal, deprecated, removed
from kplan.schema.resources import KindInfo, kinds, lookup, plural_of, versions_of
from kplan.schema.shapes import Field, Struct, Type, shape
from kplan.schema.skeleton import completed
from kplan.schema.strict import DecodeError

__all__ = [
    "CURRENT",
    "DEDUCED",
    "UNTYPED",
    "DecodeError",
    "Decoded",
    "Field",
    "KindInfo",
    "ListType",
    "MapType",
    "Node",
    "Removal",
    "SchemaError",
    "Struct",
    "Type",
    "cannot_be_handled",
    "check",
    "completed",
    "decode",
    "decode_type",
    "deprecated",
    "kinds",
    "lookup",
    "merge_schema",
    "plural_of",
    "removed",
    "schema_node",
    "shape",
    "structural_node",
    "type_and_version",
    "versions",
    "versions_of",
]
