"""kplan: says, offline, what the API server will say to Kubernetes manifests, and what the cluster will then look like.

The public API. Names are loaded when they are first used, so that `import kplan` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kplan.api.ref import Ref
    from kplan.apiserver.response import Response
    from kplan.cluster import Cluster
    from kplan.diagnostics import Diagnostic, Severity, Span
    from kplan.manifests.yaml import YamlError, load_yaml
    from kplan.simulate import Run

__version__ = "0.1.0"

_HOMES = {
    "Cluster": "kplan.cluster",
    "Diagnostic": "kplan.diagnostics",
    "Ref": "kplan.api.ref",
    "Response": "kplan.apiserver.response",
    "Run": "kplan.simulate",
    "Severity": "kplan.diagnostics",
    "Span": "kplan.diagnostics",
    "YamlError": "kplan.manifests.yaml",
    "load_yaml": "kplan.manifests.yaml",
}

__all__ = [
    "Cluster",
    "Diagnostic",
    "Ref",
    "Response",
    "Run",
    "Severity",
    "Span",
    "YamlError",
    "__version__",
    "load_yaml",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
