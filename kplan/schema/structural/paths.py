"""Field paths that may start at nothing: a custom resource is validated from its root, which has no name.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/field/path.go, where the nil path prints as `<nil>`.
"""

from __future__ import annotations

NIL = "<nil>"


def child(path: str, name: str) -> str:
    """A field of what `path` names."""
    return name if path == NIL else f"{path}.{name}"


def key(path: str, name: str) -> str:
    """An entry of the map that `path` names."""
    return f"[{name}]" if path == NIL else f"{path}[{name}]"


def item(path: str, index: int) -> str:
    """An item of the list that `path` names."""
    return f"[{index}]" if path == NIL else f"{path}[{index}]"
