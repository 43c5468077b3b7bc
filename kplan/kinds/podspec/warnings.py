"""Warnings about pod specs and pod templates.

Upstream: GetWarningsForPod and GetWarningsForPodTemplate in pkg/api/pod/warnings.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object


def pod_template_warnings(template: Object, path: str, old: Object | None = None) -> Iterable[str]:
    """The warnings of a PodTemplateSpec at `path` (`spec.template`); `old` is the stored template of an update."""
    return ()
