"""The v1 defaults of pod specs and pod templates.

Upstream: pkg/apis/core/v1/defaults.go and zz_generated.defaults.go.
"""

from __future__ import annotations

from kplan.api.objects import Object


def default_pod_spec(spec: Object) -> None:
    """Fill in, in place, what the server fills into every pod spec, in a Pod and in a template alike."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")


def default_pod_template(template: Object) -> None:
    """Fill in a PodTemplateSpec in place."""
    default_pod_spec(template.setdefault("spec", {}))
