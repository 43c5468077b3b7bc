"""How an object is named across kplan: group, kind, namespace, name (no version: every version is the same object)."""

from __future__ import annotations

from typing import Any, NamedTuple

from kplan.api.objects import group_kind, group_of


class Ref(NamedTuple):
    """One object. `namespace` is empty for what is cluster-scoped. Printed as kubectl does: `deployment/web`."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, obj: dict[str, Any], namespace: str = "") -> Ref:
        """The ref of a manifest or stored object; `namespace` stands in where it names none."""
        meta = obj.get("metadata") or {}
        return cls(group_of(obj.get("apiVersion") or ""), obj.get("kind") or "", meta.get("namespace") or namespace, meta.get("name") or "")

    @property
    def group_kind(self) -> str:
        """`Deployment.apps`, `Pod`: the key by which readers and stores know kinds."""
        return group_kind(self.kind, self.group)

    def __str__(self) -> str:
        short = f"{self.kind.lower()}/{self.name}"
        return f"{short} -n {self.namespace}" if self.namespace and self.namespace != "default" else short
