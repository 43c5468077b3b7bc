"""Types that expressions can name.   Upstream: cel-go common/stdlib, common/types/provider.go."""

from __future__ import annotations

from typing import Any

from kplan.cel import types
from kplan.cel.declare import NAMED
from kplan.cel.types import type_of_type

_BASIC = (types.BOOL, types.BYTES, types.DOUBLE, types.DURATION, types.INT, types.STRING, types.TIMESTAMP, types.UINT, types.NULL, types.TYPE)
TYPE_NAMES = {
    **{t.name: type_of_type(t) for t in _BASIC},
    "list": type_of_type(types.list_of(types.DYN)),
    "map": type_of_type(types.map_of(types.DYN, types.DYN)),
    "optional_type": type_of_type(types.opaque("optional_type", types.parameter("T"))),
}
TYPE_NAMES.update({t.name: type_of_type(t) for t in NAMED.values() if t.kind == "opaque"})
TYPE_VALUES: dict[str, Any] = {name: t.params[0] for name, t in TYPE_NAMES.items()}
