"""Objects on their way through a kind's own functions, as the server takes them: decode, default, prepare, validate."""

from __future__ import annotations

from typing import Any

from kplan import schema
from kplan.kinds import KINDS
from kplan.kinds.kind import Kind

BY_NAME: dict[tuple[str, str], Kind] = {(k.api_version, k.kind): k for k in KINDS}
POD = {"containers": [{"name": "c", "image": "example/c:1"}]}


def kind_of(obj: dict[str, Any]) -> Kind:
    """The record of an object's kind."""
    return BY_NAME[obj["apiVersion"], obj["kind"]]


def decoded(obj: dict[str, Any]) -> dict[str, Any]:
    """A defaulted private object with the metadata that a server fills in."""
    result = schema.decode(obj, obj["apiVersion"], obj["kind"])
    assert result.object is not None, result.error
    new = result.object
    meta = new.setdefault("metadata", {})
    meta.setdefault("uid", "u-1")
    if kind_of(obj).namespaced:
        meta.setdefault("namespace", "default")
    kind_of(obj).default(new)
    return new


def created(obj: dict[str, Any]) -> dict[str, Any]:
    """An object as it is stored."""
    new = decoded(obj)
    kind_of(obj).prepare(new)
    assert refusals_of(new) == []
    kind_of(obj).finish(new)
    return new


def refusals(obj: dict[str, Any]) -> list[str]:
    """What the kind says against a new object."""
    new = decoded(obj)
    kind_of(obj).prepare(new)
    return refusals_of(new)


def refusals_of(new: dict[str, Any]) -> list[str]:
    """What validation says against a prepared object."""
    return [str(e) for e in kind_of(new).validate(new)]


def updated(old: dict[str, Any], obj: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A stored object after a PUT, and what the kind says against it."""
    new = decoded(obj)
    new["metadata"] |= {k: old["metadata"][k] for k in ("uid", "generation") if k in old["metadata"]}
    kind = kind_of(obj)
    kind.prepare_update(new, old)
    return new, [str(e) for e in kind.validate_update(new, old)]


def with_status(old: dict[str, Any], status: dict[str, Any]) -> list[str]:
    """What the kind says against a write to the status."""
    new = {**old, "status": status}
    return [str(e) for e in kind_of(old).validate_status(new, old)]


def workload(kind: str, api_version: str = "apps/v1", **spec: Any) -> dict[str, Any]:
    """A workload `w` whose pods bear the label app=w."""
    template = {"metadata": {"labels": {"app": "w"}}, "spec": POD}
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "w"},
        "spec": {"selector": {"matchLabels": {"app": "w"}}, "template": template, **spec},
    }


def job(**spec: Any) -> dict[str, Any]:
    """A job `j`."""
    template = {"spec": {**POD, "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template, **spec}}
