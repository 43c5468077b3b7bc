"""Texts that are not manifests yet: templates, values that something fills in later, encrypted objects; and YAML of others.

Left out: a placeholder inside free text (scripts, arguments, ConfigMap data) is nobody's mistake, and what belongs to a
custom resource is its controller's to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kplan.manifests.positions import segment

_TEMPLATE = re.compile(r"^[ \t]*(?:- +)*(?:[\w.\"'/-]+:[ \t]+)?(\{\{.{0,2000}?\}\}|\{%.{0,2000}?%\})", re.S | re.M)
_IN_FLOW = re.compile(r"[{\[,:][ \t]*(\$\{[A-Za-z_][\w.]*(?::?[-=?+][^{}]*)?\})")  # {port: ${PORT}} is no YAML before envsubst
_OBJECT = re.compile(r"^[\s{]*[\"']?(?:apiVersion|kind)[\"']?\s*:", re.M)
_KIND = re.compile(r"^kind:[ \t]+[A-Za-z]+[ \t]*(?:#.*)?\r?$", re.M)
_KINDS = re.compile(r"\bkind[\"']?[ \t]*:[ \t]*(.*)")
_PLAIN = re.compile(r"[\"']?([A-Za-z]+)[\"']?[ \t]*(?:[,}#].*)?")
_WHOLE = re.compile(r"^\{\{-?\s*(?:include|template|tpl)\b", re.M)  # whole objects may come from elsewhere
_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][\w.]*(?::?[-=?+][^{}]*)?\}|\$\([A-Za-z_][\w.-]*\)|\{\{.{0,500}?\}\}|\{%.{0,500}?%\}")
_MARKS = ("${", "$(", "{{", "{%")
_FREE = frozenset(("data", "stringData", "binaryData", "annotations", "managedFields", "openAPIV3Schema", "parameters", "mountOptions"))
_FREE |= {"command", "args", "env", "subPathExpr", "httpHeaders", "description", "message", "reason", "pattern", "rule"}
_FREE |= {"expression", "messageExpression", "valueExpression"}
_SOPS = "ENC[AES256_GCM,"


def template(text: str, lines: int) -> int | None:
    """Where the first directive of a Go, Helm or Jinja template is in a text whose line `lines` is no YAML, or on that line a variable of envsubst."""
    start = end = -1  # of that line, and of the one after it
    for _ in range(lines + 1):
        start, end = end, text.find("\n", end + 1)
        if end < 0:
            break
    until = len(text) if end < 0 else end
    found = _TEMPLATE.search(text, 0, until) or _IN_FLOW.search(text, text.rfind("\n", 0, max(start, 0)) + 1, until)
    return found.start(1) if found else None


def may_be_manifest(text: str) -> bool:
    """Whether a text that cannot be read has a line for kind or apiVersion."""
    return bool(_OBJECT.search(text))


def kinds_in(text: str) -> frozenset[str]:
    """The kinds that stand anywhere in a text that cannot be read; the empty text among them where it may hold others."""
    if not _KIND.search(text) or _WHOLE.search(text):
        return frozenset({""})
    found = (_PLAIN.fullmatch(value.strip()) for value in _KINDS.findall(text))
    return frozenset(name.group(1) if name is not None else "" for name in found)


def is_manifest(value: Any) -> bool:
    """Whether a document means to be an object: it names its kind and version, or one of them beside metadata."""
    if not isinstance(value, dict):
        return False
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version.startswith("kustomize.config.k8s.io/"):
        return False
    if version is None or kind is None:
        return (version is not None or kind is not None) and isinstance(value.get("metadata"), dict)
    return True


def marked(text: str) -> bool:
    """Whether any object of a document may be encrypted or have placeholders; looks once at what `items` share."""
    return any(mark in text for mark in _MARKS) or _SOPS in text


def encrypted(value: dict[str, Any]) -> bool:
    """Whether SOPS encrypted the object."""
    return isinstance(value.get("sops"), dict) or any(text.startswith(_SOPS) for _, text in _texts(value, frozenset()))


def placeholders(value: dict[str, Any]) -> list[tuple[str, str]]:
    """The paths of fields that something else must fill in, and their values."""
    version = value.get("apiVersion")
    group = version.rpartition("/")[0] if isinstance(version, str) else ""
    builtin = "." not in group or group.endswith(".k8s.io")
    looked_at = value if builtin else {name: value.get(name) for name in ("apiVersion", "kind", "metadata")}
    found = ((path, text) for path, text in _texts(looked_at, _FREE) if "\n" not in text and any(mark in text for mark in _MARKS))
    return [(path, text) for path, text in found if _PLACEHOLDER.search(text)]


def _texts(value: dict[str, Any], without: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Every text of an object with its path, except below some fields."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        path, inner = todo.pop()
        if isinstance(inner, str):
            yield path.removeprefix("."), inner
        elif isinstance(inner, dict):
            todo.extend((path + segment(name), inner[name]) for name in reversed(inner) if name not in without)
        elif isinstance(inner, list):
            todo.extend((f"{path}[{index}]", inner[index]) for index in reversed(range(len(inner))))
