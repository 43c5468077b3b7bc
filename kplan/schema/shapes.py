"""Go shapes: what the API's Go structs say beyond OpenAPI.

A decoder answers in terms of Go: the order of fields, their types as error messages print them, what is a pointer, what
is left out when empty, which struct embeds which. Upstream: the `types.go` of staging/src/k8s.io/api/*/*, of
apimachinery's meta/v1, of apiextensions and apiregistration, as of 1.36. `shapes/<group>.<version>.txt` states these facts,
a line a field:

    package apps/v1 io.k8s.api.apps.v1     the package, and what OpenAPI prefixes its names with
    FinalizerName = string                 a named type
    DeploymentSpec                         a struct, its fields below in Go's order
      replicas *int32 ?                    JSON name, Go type, `?` left out when empty (omitempty), `??` when zero (omitzero)
      uid=UID types.UID ?                  the Go name where it is not the JSON name with a capital
      + VolumeSource                       an embedded struct: its fields stand beside the others

A struct is known by `package.Name`: `core/v1.PodSpec`, `meta/v1.ObjectMeta`. Left out: types that are never sent or stored,
and those that read their JSON by themselves (`OPAQUE`: their rules are in `kplan.schema.opaque`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHAPES = Path(__file__).with_name("shapes")

STRING, BOOL, INT, FLOAT, BYTES, LIST, MAP, STRUCT, ANY, OPAQUE_TYPE = "string", "bool", "int", "float", "bytes", "list", "map", "struct", "any", "opaque"

INTEGERS = {
    "int": (-(2**63), 2**63 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint8": (0, 2**8 - 1),
    "byte": (0, 2**8 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
OPAQUE = frozenset(
    {
        "resource.Quantity",
        "intstr.IntOrString",
        "runtime.RawExtension",
        "meta/v1.Time",
        "meta/v1.MicroTime",
        "meta/v1.Duration",
        "meta/v1.FieldsV1",
        "apiextensions/v1.JSON",
        "apiextensions/v1.JSONSchemaPropsOrArray",
        "apiextensions/v1.JSONSchemaPropsOrBool",
        "apiextensions/v1.JSONSchemaPropsOrStringArray",
    }
)

_REFERENCE = re.compile(r"[\w./]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Type:
    """A Go type without its pointers. `text` is how Go prints it; `element` that of lists and maps; `name` a struct's, an opaque type's."""

    kind: str
    text: str
    name: str = ""
    element: Type | None = None
    pointer: bool = False
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """One field. An embedded struct has no JSON name of its own unless it is given one (`metadata`)."""

    go: str
    json: str
    type: Type
    pointer: bool = False
    omitempty: bool = False
    omitzero: bool = False
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """One struct. `name` is its id (`core/v1.PodSpec`), `go` its Go name (`PodSpec`), `openapi` its OpenAPI name."""

    name: str
    go: str
    openapi: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """One file of shapes: named types as text, structs as the lines of their fields."""

    name: str
    openapi: str
    named: dict[str, str]
    structs: dict[str, list[str]]


@cache
def packages() -> dict[str, str]:
    """OpenAPI prefix -> package, of every file of shapes."""
    found = {}
    for path in sorted(SHAPES.glob("*.txt")):
        with path.open(encoding="ascii") as file:
            _, name, openapi = file.readline().split()
        found[openapi] = name
    return found


@cache
def package(name: str) -> Package | None:
    """One package, such as `apps/v1`; None for one without a file."""
    path = SHAPES / f"{name.replace('/', '.')}.txt"
    if not path.is_file():
        return None
    head, *lines = path.read_text(encoding="ascii").splitlines()
    named: dict[str, str] = {}
    structs: dict[str, list[str]] = {}
    fields: list[str] = []
    for line in lines:
        if line.startswith("  "):
            fields.append(line)
        elif " = " in line:
            left, _, right = line.partition(" = ")
            named[left] = right
        elif line:
            fields = structs[line] = []
    return Package(name, head.split()[2], named, structs)


def type_name(openapi: str) -> str | None:
    """The id of the struct that OpenAPI calls so: `io.k8s.api.core.v1.PodSpec` -> `core/v1.PodSpec`; None where there is no shape."""
    prefix, _, go = openapi.rpartition(".")
    name = packages().get(prefix)
    if name is None:
        return {
            "io.k8s.apimachinery.pkg.api.resource.Quantity": "resource.Quantity",
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr.IntOrString",
            "io.k8s.apimachinery.pkg.runtime.RawExtension": "runtime.RawExtension",
        }.get(openapi)
    found = package(name)
    full = f"{name}.{go}"
    return full if found is not None and (go in found.structs or full in OPAQUE or go in found.named) else None


@cache
def shape(name: str) -> Struct:
    """A struct by its id (`core/v1.PodTemplateSpec`); KeyError where there is none."""
    package_name, _, go = name.rpartition(".")
    home = package(package_name)
    if home is None:
        raise KeyError(name)
    return Struct(name, go, f"{home.openapi}.{go}", tuple(_field(line, package_name) for line in home.structs[go]))


def has_shape(name: str) -> bool:
    """Whether `shape` knows a struct of this id."""
    package_name, _, go = name.rpartition(".")
    home = package(package_name)
    return home is not None and go in home.structs


def _field(line: str, package_name: str) -> Field:
    """One line of a struct."""
    first, *rest = line.split()
    if first == "+":
        text = rest[0]
        return Field(text.lstrip("*").rpartition(".")[2], "", go_type(text.lstrip("*"), package_name), pointer=text[0] == "*", embedded=True)
    json, _, go = first.partition("=")
    text, *flags = rest
    omit = flags[0] if flags else ""
    return Field(
        go or json[:1].upper() + json[1:],
        json,
        go_type(text.lstrip("*"), package_name),
        pointer=text[0] == "*",
        omitempty=bool(omit),
        omitzero=omit == "??",
    )


@cache
def go_type(text: str, package_name: str) -> Type:
    """A Go type, as a shape's line writes it in the package, without its own pointer but with those of elements."""
    if text[0] == "*":
        inner = go_type(text[1:], package_name)
        return Type(inner.kind, inner.text, inner.name, inner.element, True, inner.low, inner.high)
    if text == "[]byte":
        return Type(BYTES, "[]uint8")
    if text.startswith("[]"):
        element = go_type(text[2:], package_name)
        return Type(LIST, f"[]{_printed(element)}", element=element)
    if text.startswith("map["):
        key, _, value = text[4:].partition("]")
        element = go_type(value, package_name)
        return Type(MAP, f"map[{_printed(go_type(key, package_name))}]{_printed(element)}", element=element)
    if text == "string":
        return Type(STRING, "string")
    if text == "bool":
        return Type(BOOL, "bool")
    if text in INTEGERS:
        low, high = INTEGERS[text]
        return Type(INT, "uint8" if text == "byte" else text, low=low, high=high)
    if text == "float64":
        return Type(FLOAT, "float64")
    if text == "interface{}":
        return Type(ANY, "interface {}")
    return _named_type(text if "." in text else f"{package_name}.{text}")


def _named_type(full: str) -> Type:
    """A type that has a name, by its id."""
    package_name, _, go = full.rpartition(".")
    printed = f"{package_name.rpartition('/')[2]}.{go}"
    if full in OPAQUE:
        return Type(OPAQUE_TYPE, printed, full)
    if package_name == "types":
        return Type(STRING, printed)
    home = package(package_name)
    if home is not None and go in home.named:
        target = home.named[go]
        if "/" in target and _REFERENCE.fullmatch(target):
            return _named_type(target)
        inner = go_type(target, package_name)
        return Type(inner.kind, printed, inner.name, inner.element, low=inner.low, high=inner.high)
    return Type(STRUCT, printed, full)


def _printed(inner: Type) -> str:
    """An element's type inside the text of its list's or map's."""
    return f"*{inner.text}" if inner.pointer else inner.text
