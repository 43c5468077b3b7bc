"""Node selectors (`nodeSelectorTerms`) of volumes and pods: warnings of labels out of use, and what updates may keep.

Upstream: pkg/api/node/util.go, pkg/apis/core/helper. Their validation is `kplan.kinds.podspec.scheduling.validate_node_selector`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.names import is_label_value
from kplan.api.objects import Object

DEPRECATED_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}


def has_invalid_label_value(terms: list[Object] | None) -> bool:
    """Whether stored terms have a bad label value, which an update may then keep.   Upstream: HasInvalidLabelValueInNodeSelectorTerms."""
    return any(is_label_value(v) for t in terms or () for r in t.get("matchExpressions") or () for v in r.get("values") or ())


def term_warnings(term: Object, path: str, *, check_values: bool = False) -> Iterator[str]:
    """Node labels out of use in a term.   Upstream: GetWarningsForNodeSelectorTerm."""
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchExpressions[{index}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
        if check_values:
            for at, value in enumerate(expression.get("values") or ()):
                for message in is_label_value(value):
                    yield f"{path}.matchExpressions[{index}].values[{at}]: {value} is invalid, {message}"


def label_selector_warnings(selector: Object | None, path: str) -> Iterator[str]:
    """Node labels out of use in a label selector over nodes.   Upstream: GetWarningsForNodeSelector."""
    if not selector:
        return
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        key = expression.get("key") or ""
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchExpressions[{index}].key: {key} is {DEPRECATED_NODE_LABELS[key]}"
    for key in sorted(selector.get("matchLabels") or {}):
        if key in DEPRECATED_NODE_LABELS:
            yield f"{path}.matchLabels.{key}: {DEPRECATED_NODE_LABELS[key]}"
