"""The pod spec, which Pods have and which templates of every workload have: defaults, validation, warnings, references.

Upstream: pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go, pkg/api/pod.
"""

from __future__ import annotations

from kplan.kinds.podspec.defaults import default_pod_spec, default_pod_template
from kplan.kinds.podspec.disabled import drop_disabled_fields, drop_disabled_template_fields
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.ratchet import options_for_pod, options_for_template
from kplan.kinds.podspec.references import pod_spec_references
from kplan.kinds.podspec.spec import validate_pod_spec, validate_pod_template_spec
from kplan.kinds.podspec.warnings import pod_template_warnings

__all__ = [
    "PodValidationOptions",
    "default_pod_spec",
    "default_pod_template",
    "drop_disabled_fields",
    "drop_disabled_template_fields",
    "options_for_pod",
    "options_for_template",
    "pod_spec_references",
    "pod_template_warnings",
    "validate_pod_spec",
    "validate_pod_template_spec",
]
