"""CustomResourceDefinitions from folders beside the input: manifests of definitions, and JSON Schemas in the layout of the CRDs catalogue.

A catalogue (`<group>/<kind in small letters>_<version>.json`) may hold thousands of schemas: only those of kinds in the input are opened. They say
neither scope nor plural, and their tool writes int-or-string fields as `oneOf`: a definition is made of them that says the same where that is known.
Left out: rules in CEL and defaults where the catalogue's tool dropped them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kplan.api.objects import Object, group_kind
from kplan.diagnostics import Diagnostic, Severity
from kplan.manifests.discovery import problem
from kplan.manifests.documents import decoded, read_documents
from kplan.manifests.encoding import UTF_16, is_binary, misread

KIND = "CustomResourceDefinition"
_CATALOGUED = re.compile(r"_v\d+((alpha|beta)\d+)?\.json$")
_EXTENSIONS = (".yaml", ".yml", ".json")
_KEPT = frozenset(
    {
        *("type", "format", "title", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems"),
        *("minItems", "uniqueItems", "multipleOf", "enum", "maxProperties", "minProperties", "required", "nullable"),
    }
)


class Wanted(NamedTuple):
    """A kind of the input."""

    group: str
    version: str
    kind: str


class DefinitionsError(ValueError):
    """Definitions that cannot be read; the message names the file."""


def read_definitions(paths: Sequence[str], input: Iterable[Object], tell: Callable[[Diagnostic], object] = lambda _: None) -> tuple[Object, ...]:
    """The definitions in files and folders that the objects of `input` need; `tell` hears of files that are no text, or not UTF-8. Raises DefinitionsError."""
    wanted = {w for obj in input if (w := _wanted(obj)) is not None}
    needed = {group_kind(w.kind, w.group) for w in wanted}
    found: dict[str, Object] = {}
    for path in paths:
        for definition in _definitions(path, tell):
            spec = definition["spec"]
            found.setdefault(group_kind(spec["names"]["kind"], spec["group"]), definition)
    by_kind: dict[str, list[tuple[Wanted, Object]]] = {}
    for want in sorted(wanted):
        key = group_kind(want.kind, want.group)
        schema = None if key in found else _catalogued(paths, want)
        if schema is not None:
            by_kind.setdefault(key, []).append((want, schema))
    made = {key: _made(versions) for key, versions in by_kind.items()}
    return tuple({**found, **made}[key] for key in sorted({*found, *made} & needed))


def _wanted(obj: Object) -> Wanted | None:
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str) or "." not in api_version.partition("/")[0] or "/" not in api_version:
        return None
    group, _, version = api_version.partition("/")
    return Wanted(group, version, kind)


def _definitions(path: str, tell: Callable[[Diagnostic], object]) -> Iterator[Object]:
    """The definitions in a file, or in all files of a folder."""
    if not os.path.exists(path):
        raise DefinitionsError(f"{path}: no such file or folder")
    for file in sorted(_files(path)):
        data = _read(file)
        if is_binary(data):
            hint = "take it away, or leave it out of what --crds names"
            tell(problem("binary", file, f'"{file}" is not a text: no definition was read from it', Severity.WARNING, hint))
            continue
        if KIND.encode() not in data and data[:2] not in UTF_16:
            continue
        text = decoded(data)
        wrong = misread(file, data) if "\ufffd" in text and KIND in text else None
        if wrong is not None:
            tell(wrong)
        for document in read_documents(text):
            if document.error is not None:
                raise DefinitionsError(f"{file}:{document.line + document.error.line - 1}: {document.error.message}")
            for obj in _listed(document.value):
                if isinstance(obj, dict) and obj.get("kind") == KIND:
                    yield _named(obj, file)


def _named(obj: Object, file: str) -> Object:
    spec = obj.get("spec")
    names = spec.get("names") if isinstance(spec, dict) and isinstance(spec.get("group"), str) else None
    if not isinstance(names, dict) or not isinstance(names.get("kind"), str):
        raise DefinitionsError(f"{file}: a {KIND} without spec.group and spec.names.kind")
    return {k: v for k, v in obj.items() if k != "status"}


def _listed(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and str(value.get("kind") or "").endswith("List") and isinstance(value.get("items"), list):
        yield from value["items"]
    else:
        yield value


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        if not _CATALOGUED.search(path):
            yield path
        return
    for parent, _, names in os.walk(path):
        yield from (os.path.join(parent, n) for n in names if n.endswith(_EXTENSIONS) and not _CATALOGUED.search(n))


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise DefinitionsError(f"{file}: {error.strerror or error}") from None


def _catalogued(paths: Sequence[str], want: Wanted) -> Object | None:
    """The JSON Schema of a kind, where a catalogue has it."""
    name = f"{want.kind.lower()}_{want.version}.json"
    for path in paths:
        here = os.path.basename(path) == name and os.path.basename(os.path.dirname(os.path.abspath(path))) == want.group
        file = path if here else os.path.join(path, want.group, name)
        if os.path.isfile(file):
            try:
                schema = json.loads(_read(file))
            except ValueError as error:
                raise DefinitionsError(f"{file}: not JSON: {error}") from None
            if not isinstance(schema, dict):
                raise DefinitionsError(f"{file}: not a JSON Schema")
            return schema
    return None


def _made(versions: list[tuple[Wanted, Object]]) -> Object:
    """A definition that serves what the schemas say."""
    group, _, kind = versions[0][0]
    plural = f"{kind.lower()}s"
    scope = "Cluster" if kind.startswith("Cluster") or kind.endswith("Class") else "Namespaced"
    served = [
        {"name": want.version, "served": True, "storage": i == 0, "schema": {"openAPIV3Schema": _root(schema)}} for i, (want, schema) in enumerate(versions)
    ]
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": KIND,
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": scope, "names": names, "versions": served},
    }


def _root(schema: Object) -> Object:
    found = _structural(schema)
    found["type"] = "object"
    properties = {k: v for k, v in found.get("properties", {}).items() if k not in ("apiVersion", "kind", "metadata")}
    found["properties"] = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, **properties}
    if properties:
        found.pop("x-kubernetes-preserve-unknown-fields", None)
    return found


def _structural(schema: Any) -> Object:
    """A JSON Schema as a structural one; what it leaves open stays open."""
    if not isinstance(schema, dict):
        return {"x-kubernetes-preserve-unknown-fields": True}
    found: Object = {k: v for k, v in schema.items() if k in _KEPT or k.startswith("x-kubernetes-")}
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [k for k in kind if k != "null"]
        found["nullable"] = "null" in kind
        found["type"] = kind = kinds[0] if len(kinds) == 1 else None
        if set(kinds) == {"integer", "string"}:
            found["x-kubernetes-int-or-string"] = True
    if schema.get("format") == "int-or-string" or _is_either(schema.get("oneOf")) or _is_either(schema.get("anyOf")):
        found["x-kubernetes-int-or-string"] = True
    if found.get("x-kubernetes-int-or-string"):
        return {k: v for k, v in found.items() if k not in ("type", "format")}
    if kind not in ("object", "array", "string", "integer", "number", "boolean"):
        found.pop("type", None)
        return {**found, "x-kubernetes-preserve-unknown-fields": True}
    if kind == "array":
        found["items"] = _structural(schema.get("items"))
    if kind == "object":
        properties, more = schema.get("properties"), schema.get("additionalProperties")
        if isinstance(properties, dict):
            found["properties"] = {k: _structural(v) for k, v in properties.items()}
        elif isinstance(more, dict):
            found["additionalProperties"] = _structural(more)
        elif more is not False or not properties:
            found["x-kubernetes-preserve-unknown-fields"] = True
    return found


def _is_either(value: Any) -> bool:
    return isinstance(value, list) and sorted(str(v.get("type")) for v in value if isinstance(v, dict)) == ["integer", "string"] and len(value) == 2
