"""Fields behind feature gates that are off by default in 1.36: dropped from what is written, kept where already in use.

Upstream: DropDisabledPodFields and DropDisabledTemplateFields in pkg/api/pod/util.go. The gates that are off: ContainerStopSignals,
ClusterTrustBundleProjection, PodCertificateRequest, GenericWorkload; for status ImageVolumeWithDigest and DRANodeAllocatableResources.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.kinds.podspec.container import visit_containers

STATUS_LISTS = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
PROJECTIONS = ("clusterTrustBundle", "podCertificate")


def drop_disabled_fields(spec: Object, old: Object | None = None) -> None:
    """Drop disabled fields of a pod spec in place; `old` is the stored spec."""
    for volume in spec.get("volumes") or ():
        if "projected" in volume:
            _drop_projections(volume["projected"], old)
    if "schedulingGroup" in spec and (old or {}).get("schedulingGroup") is None:
        del spec["schedulingGroup"]
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            if "stopSignal" in (container.get("lifecycle") or ()) and not _uses_stop_signals(old):
                del container["lifecycle"]["stopSignal"]
                if not container["lifecycle"]:
                    del container["lifecycle"]


def drop_disabled_template_fields(template: Object, old: Object | None = None) -> None:
    """Drop disabled fields of a PodTemplateSpec in place; `old` is the stored template."""
    drop_disabled_fields(template.get("spec") or {}, old.get("spec") if old else None)


def _drop_projections(projected: Object, old: Object | None) -> None:
    for source in projected.get("sources") or ():
        for kind in PROJECTIONS:
            if kind in source and not any(kind in other for other in _projection_sources(old)):
                del source[kind]


def _projection_sources(spec: Object | None) -> Iterator[Object]:
    for volume in (spec or {}).get("volumes") or ():
        yield from (volume.get("projected") or {}).get("sources") or ()


def _uses_stop_signals(spec: Object | None) -> bool:
    return spec is not None and any("stopSignal" in (c.get("lifecycle") or ()) for c, _ in visit_containers(spec, ""))


def drop_disabled_status_fields(status: Object, old: Object | None = None) -> None:
    """Drop disabled fields of a pod's status in place; `old` is the stored status."""
    if not (old or {}).get("nodeAllocatableResourceClaimStatuses"):
        status.pop("nodeAllocatableResourceClaimStatuses", None)
    if not any("volumeStatus" in mount for mount in _status_mounts(old or {})):
        for mount in _status_mounts(status):
            mount.pop("volumeStatus", None)


def _status_mounts(status: Object) -> Iterator[Object]:
    for field in STATUS_LISTS:
        for container in status.get(field) or ():
            yield from container.get("volumeMounts") or ()
