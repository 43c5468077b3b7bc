"""iSCSI disks, of pods and of PersistentVolumes.

Upstream: validateISCSIVolumeSource and validateISCSIPersistentVolumeSource in pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

import re

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.objects import Object

ISCSI_NAMES = {
    "iqn": re.compile(r"iqn\.[0-9]{4}-[0-9]{2}\.([0-9A-Za-z.-]+)(:[^,;*&$|\t\n\f\r ]+)\Z"),
    "eui": re.compile(r"\Aeui.[0-9A-Za-z]{16}\Z"),
    "naa": re.compile(r"\Anaa.[0-9A-Za-z]{32}\Z"),
}
ISCSI_TOO_LONG = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."


def _iscsi_lun_and_secret(source: Object, path: str) -> FieldErrors:
    lun = source.get("lun", 0)
    if not 0 <= lun <= 255:
        yield invalid(f"{path}.lun", lun, "must be between 0 and 255, inclusive")
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        yield required(f"{path}.secretRef")


def _iscsi_name(name: str, path: str, no_kind: str) -> FieldErrors:
    """A target or initiator name. `no_kind` is said of one that begins with no known scheme."""
    rule = ISCSI_NAMES.get(name[:3])
    if rule is None:
        yield invalid(path, name, no_kind)
    elif not rule.search(name):
        yield invalid(path, name, "must be valid format")


def validate_iscsi_volume_source(source: Object, path: str) -> FieldErrors:
    """An iSCSI disk of a pod."""
    no_kind = "must be valid format starting with iqn, eui, or naa"
    if not source.get("targetPortal"):
        yield required(f"{path}.targetPortal")
    if not source.get("iqn"):
        yield required(f"{path}.iqn")
    else:
        yield from _iscsi_name(source["iqn"], f"{path}.iqn", no_kind)
    yield from _iscsi_lun_and_secret(source, path)
    if (initiator := source.get("initiatorName")) is not None:
        yield from _iscsi_name(initiator, f"{path}.initiatorname", no_kind)


def validate_iscsi_persistent_volume_source(source: Object, volume_name: str, path: str) -> FieldErrors:
    """An iSCSI disk of a PersistentVolume called `volume_name`."""
    portal = source.get("targetPortal", "")
    initiator = source.get("initiatorName")
    if not portal:
        yield required(f"{path}.targetPortal")
    if initiator is not None and len(f"{volume_name}:{portal}".encode()) > 64:
        yield invalid(f"{path}.targetportal", portal, ISCSI_TOO_LONG)
    if not source.get("iqn"):
        yield required(f"{path}.iqn")
    else:
        yield from _iscsi_name(source["iqn"], f"{path}.iqn", "must be valid format")
    yield from _iscsi_lun_and_secret(source, path)
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        yield required(f"{path}.secretRef.name")
    if initiator is not None:
        yield from _iscsi_name(initiator, f"{path}.initiatorname", "must be valid format")
