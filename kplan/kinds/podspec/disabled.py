"""Fields behind feature gates that are off by default in 1.36: dropped from what is written, kept where already in use.

Upstream: DropDisabledPodFields and DropDisabledTemplateFields in pkg/api/pod/util.go.
"""

from __future__ import annotations

from kplan.api.objects import Object


def drop_disabled_fields(spec: Object, old: Object | None = None) -> None:
    """Drop disabled fields of a pod spec in place; `old` is the stored spec."""
    for container in spec.get("containers") or ():
        (container.get("lifecycle") or {}).pop("stopSignal", None)


def drop_disabled_template_fields(template: Object, old: Object | None = None) -> None:
    """Drop disabled fields of a PodTemplateSpec in place; `old` is the stored template."""
    drop_disabled_fields(template.get("spec") or {}, old.get("spec") if old else None)
