"""What stands in the input and cannot be looked at: documents that the server refuses, encrypted ones, those with placeholders, those that are no YAML.

They are in no graph; that nothing answers to a name or a selector may then be their fault, whose own finding is told. A name that one of them has
is there; what else may hang on them is uncertain. Of what could not even be read the kinds are known at best: only what hangs on one of these kinds
is uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.api.selectors import matches
from kplan.diagnostics import Diagnostic, Severity
from kplan.graph import TEMPLATES, Edge
from kplan.kinds import KINDS, Reference
from kplan.kinds.customreferences import made_by
from kplan.lint.operators import makes_pods

PARTIAL = "not all of the input could be read"
_GROUPS = frozenset(k.group for k in KINDS)
_KINDS = frozenset(k.kind for k in KINDS)
# What the server, the kubelet and controllers say of objects that are not there: their word for the kind, quoted names.
_WORDS = {k.lower(): k for k in ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "RuntimeClass", "PriorityClass")}
_WORDS |= {"namespaces": "Namespace", "storageclass.storage.k8s.io": "StorageClass"}
_LACKING = re.compile(rf'({"|".join(map(re.escape, _WORDS))}) "([^"]+)" not found|no (PriorityClass) with name (\S+) was found', re.I)
_PATHS = {gk.partition(".")[0]: path for gk, path in TEMPLATES.items()}


@dataclass(frozen=True)
class Unseen:
    """Such documents with their refs; `unread`: the kinds in what could not even be read, the empty text among them where it may be any."""

    documents: Sequence[tuple[Ref, Object]] = ()
    unread: frozenset[str] = frozenset()

    @cached_property
    def _any(self) -> bool:
        """Whether what could not be read may hold anything: what it does not show, and what operators make of it."""
        return not self.unread <= _KINDS

    def _may_hide(self, kinds: Iterable[str]) -> bool:
        """Whether what could not be read may hold an object of one of the kinds (without their groups)."""
        return bool(self.unread) and (self._any or not self.unread.isdisjoint(kinds))

    @cached_property
    def _named(self) -> frozenset[tuple[str, str, str]]:
        """(kind, namespace, name) of the documents and of what operators make of them. Of another version's group is near enough."""
        found = set()
        for ref, data in self.documents:
            meta = data.get("metadata") or {}
            if ref.name or not meta.get("generateName"):
                kind = _kind(ref)  # what states no namespace may be meant for any
                found.add((kind, _known(ref.namespace) if kind and meta.get("namespace") else "*", _known(ref.name or None)))
            if _has_sound_metadata(data):
                found |= {(kind, namespace or ref.namespace, name) for kind, namespace, name in made_by(data)}
        return frozenset(found)

    def stands(self, kind: str, namespace: str, name: str) -> bool:
        """Whether one of the documents may be the object of that kind (without its group) and name."""
        named = self._named
        if not named:
            return False
        return any((k, ns, n) in named for k in (kind, "") for ns in (namespace, "*") for n in (name, "*"))

    def excuses(self, reference: Reference) -> bool:
        """Whether what is pointed at by name may be one of the documents."""
        return self.stands(reference.kind.partition(".")[0], reference.namespace, reference.name)

    def doubt(self, ref: Ref, path: str, absent: Iterable[str], edges: Sequence[Edge]) -> str:
        """Why a finding about `ref` at `path`, that there is none of the group-kinds `absent`, is uncertain; the empty text if it is not."""
        if not self.documents and not self.unread:
            return ""
        references = [e.reference for e in edges if e.reference is not None]
        selections = [r for r in references if r.selects is not None]
        asked = [r for r in selections if r.path == path] or selections
        kinds = frozenset(gk.partition(".")[0] for gk in absent)
        named = [r for r in references if r.path == path] or references
        if self._may_hide(kinds or {r.kind.partition(".")[0] for r in named}) or (self.unread and not kinds and not named):
            return PARTIAL
        anywhere = not ref.namespace or any(r.within is not None or r.namespace != ref.namespace for r in asked)
        for other, data in self.documents:
            near = anywhere or _known(other.namespace) in (ref.namespace, "", "*")
            if near and self._may_be(other, kinds) and _may_select(asked, other, data):
                return f"{other.kind} {other.name or '(unnamed)'} could not be taken into account"
        return ""

    def temper(self, outcome: Diagnostic) -> Diagnostic:
        """What was refused or did not come up for want of an object: uncertain where a document may be that object."""
        lacking, ref = _LACKING.search(outcome.message), outcome.ref
        if lacking is None or ref is None or not (self.unread or self.documents):
            return outcome
        word, name = (part for part in lacking.groups() if part)
        kind = _WORDS[word.lower()]
        there = any(self.stands(kind, space, name) for space in (ref.namespace, ""))
        if not (there or self._may_hide((kind,))):
            return outcome
        doubt = f"{kind} {name} could not be taken into account" if there else PARTIAL
        return replace(outcome, severity=min(outcome.severity, Severity.NOTE), message=f"{outcome.message} (uncertain: {doubt})")

    def _may_be(self, ref: Ref, kinds: frozenset[str]) -> bool:
        kind = _kind(ref)
        return kind in kinds or (bool(kinds) and not kind) or ("Pod" in kinds and makes_pods(ref.group_kind) and ref.kind not in _KINDS)


def _kind(ref: Ref) -> str:
    """The kind of a document, the empty text where it is misspelt: a kind that a group of the server does not have."""
    return "" if ref.group in _GROUPS and ref.kind not in _KINDS else ref.kind


def _known(text: Any) -> str:
    """A name or namespace; `*` for what something else fills in, or what is none."""
    return text if isinstance(text, str) and not any(mark in text for mark in "${%") else "*"


def _has_sound_metadata(data: Object) -> bool:
    meta = data.get("metadata")
    return isinstance(meta, dict) and isinstance(meta.get("annotations") or {}, dict) and isinstance(meta.get("namespace") or "", str)


def _may_select(asked: Sequence[Reference], ref: Ref, data: Object) -> bool:
    """Whether one of the selectors may mean a document: by its labels, where it has such as are readable."""
    labels = _labels(ref, data)
    if not asked or labels is None:
        return True
    return any(matches(r.selects, labels) for r in asked)


def _labels(ref: Ref, data: Object) -> Mapping[str, str] | None:
    """The labels by which a document is selected, those of its pods if it makes any; None where they cannot be told."""
    value: Any = data
    for key in (*_PATHS.get(ref.kind, ()), "metadata", "labels"):
        value = value.get(key) if isinstance(value, dict) else None
    if ref.kind not in _PATHS and ref.kind != "Service":
        return None
    sound = isinstance(value, dict) and all(isinstance(v, str) and _known(v) != "*" for v in value.values())
    return value if sound else None


__all__ = ["PARTIAL", "Unseen"]
