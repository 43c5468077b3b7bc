"""The hashes in names: `web-5d59d67564` of a Deployment's ReplicaSets, `agent-7c9c5f`, `db-6f8c9f`.

Upstream: pkg/util/hash, controller.ComputeHash, controller/history.HashControllerRevision. Deployments and DaemonSets
hash a text dump of the Go struct, made by go-spew: types spelt out, all fields in Go's order. So the dump is written from the
Go shapes, by functions made once per struct. Left out: the zone of a creationTimestamp inside a template (nobody sets one).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from kplan.api.objects import Object
from kplan.api.quantity import parse_json
from kplan.api.times import parse_time
from kplan.kinds.fnv import fnv1, fnv1a
from kplan.schema.shapes import BYTES, LIST, MAP, OPAQUE_TYPE, STRUCT, Field, Type, shape

Dump = Callable[[Any], str]

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_ZERO_TIME_SECONDS = 62135596800
_MEMO_SIZE = 4096

_memo: dict[int, tuple[Object, str]] = {}


def pod_template_hash(template: Object, collision_count: int | None = None) -> str:
    """`pod-template-hash` of a stored (defaulted) pod template, and `controller-revision-hash` of a DaemonSet's.

    Remembered by the template's identity: stored objects never change in place.
    """
    if collision_count is not None:
        return safe_encode(fnv1a(dump_template(template).encode() + collision_count.to_bytes(8, "little")))
    known = _memo.get(id(template))
    if known is None or known[0] is not template:
        if len(_memo) >= _MEMO_SIZE:
            _memo.clear()
        known = _memo[id(template)] = template, safe_encode(fnv1a(dump_template(template).encode()))
    return known[1]


def revision_hash(data: bytes, collision_count: int = 0) -> str:
    """`controller-revision-hash` of a StatefulSet, of the JSON bytes of its ControllerRevision's data."""
    return safe_encode(fnv1(data + str(collision_count).encode()))


def dump_template(template: Object) -> str:
    """The go-spew dump of a pod template."""
    return "(v1.PodTemplateSpec)" + _struct("core/v1.PodTemplateSpec")(template)


def safe_encode(number: int) -> str:
    """Digits as letters that make no words.   Upstream: rand.SafeEncodeString of the decimal text."""
    return "".join(_ALPHABET[ord(digit) % 27] for digit in str(number))


@cache
def _struct(name: str) -> Dump:
    """The dump of a struct from the JSON object that holds it; embedded structs share that object."""
    fields = tuple(_field(field) for field in shape(name).fields)
    empty = "{" + " ".join(absent for _, absent, _ in fields) + "}"

    def dump(value: Any) -> str:
        if not value:
            return empty
        texts = []
        for json, absent, present in fields:
            if not json:
                texts.append(present(value))
            else:
                found = value.get(json)
                texts.append(absent if found is None else present(found))
        return "{" + " ".join(texts) + "}"

    return dump


def _field(field: Field) -> tuple[str, str, Dump]:
    """JSON name (empty: embedded), the text where it is not set, the text of a value."""
    kind = field.type
    inner = _value(kind)
    head = f"{field.go}:({'*' if field.pointer else ''}{kind.text})"
    absent = head + ("<nil>" if field.pointer else _zero(kind))

    def present(value: Any) -> str:
        return head + inner(value)

    def present_collection(value: Any) -> str:
        return head + inner(value) if value else absent

    return field.json, absent, present_collection if kind.kind in (LIST, MAP, BYTES) else present


def _zero(kind: Type) -> str:
    """The text of a type's zero value."""
    if kind.kind in (LIST, MAP, BYTES):
        return "<nil>"
    if kind.kind == STRUCT:
        return _struct(kind.name)(None)
    if kind.kind == OPAQUE_TYPE:
        return {"resource.Quantity": _quantity, "intstr.IntOrString": _int_or_string}.get(kind.name, _time)(None)
    return {"string": "", "bool": "false"}.get(kind.kind, "0")


def _value(kind: Type) -> Dump:
    """How values of a type are written, their own type already said."""
    if kind.kind == STRUCT:
        # Looked up when first needed: structs refer to each other.
        return lambda value: _struct(kind.name)(value)
    if kind.kind == LIST and kind.element is not None:
        element = _element(kind.element)
        return lambda values: f"[{' '.join([element(v) for v in values])}]"
    if kind.kind == MAP and kind.element is not None:
        element = _element(kind.element)
        return lambda values: f"map[{' '.join([f'{key}:{element(values[key])}' for key in sorted(values)])}]"
    if kind.kind == OPAQUE_TYPE:
        return {"resource.Quantity": _quantity, "intstr.IntOrString": _int_or_string}.get(kind.name, _time)
    return {"bool": lambda value: "true" if value else "false"}.get(kind.kind, str)


def _element(kind: Type) -> Dump:
    inner = _value(kind)
    return (lambda value: f"<*>{inner(value)}") if kind.pointer else inner


def _quantity(text: Any) -> str:
    if text is None:
        number, scale, shown, notation, decimal = 0, 0, "", "", "<nil>"
    else:
        quantity = parse_json(text)
        number, scale, shown, notation, decimal = quantity.number, quantity.scale, quantity.text, quantity.format, "<nil>"
        if quantity.big:
            decimal, number, scale = _decimal(number, scale), 0, 0
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec){decimal}}} s:(string){shown} Format:(resource.Format){notation}}}"
    )


def _decimal(number: int, scale: int) -> str:
    words = []
    rest = abs(number)
    while rest:
        words.append(str(rest & 0xFFFFFFFFFFFFFFFF))
        rest >>= 64
    absolute = f"[{' '.join(words)}]" if words else "<nil>"
    negative = "true" if number < 0 else "false"
    return f"{{unscaled:(big.Int){{neg:(bool){negative} abs:(big.nat){absolute}}} scale:(inf.Scale){-scale}}}"


def _int_or_string(value: Any) -> str:
    if isinstance(value, str):
        return f"{{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string){value}}}"
    return f"{{Type:(intstr.Type)0 IntVal:(int32){value or 0} StrVal:(string)}}"


def _time(text: Any) -> str:
    wall = ext = 0
    if text:
        time = parse_time(text)
        wall, ext = time.microsecond * 1000, int(time.replace(microsecond=0).timestamp()) + _ZERO_TIME_SECONDS
    return f"{{Time:(time.Time){{wall:(uint64){wall} ext:(int64){ext} loc:(*time.Location)<nil>}}}}"
