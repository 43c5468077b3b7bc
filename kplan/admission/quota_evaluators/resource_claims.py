"""ResourceClaims use devices of classes.

Upstream: pkg/quota/v1/evaluator/core/resource_claims.go. Left out: that the claims the scheduler makes for extended resources are not counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.admission.quota_evaluators.evaluator import IMPLICIT_DEVICE_CLASS, ONE, Evaluator, created_or_updated, is_extended_request
from kplan.api.objects import Object
from kplan.api.podrequests import Amounts
from kplan.api.quantity import Quantity
from kplan.api.reader import Reader

_DEVICE_CLASS = ".deviceclass.resource.k8s.io/devices"
_DEVICES_AT_MOST = 32
_CLAIM_COUNT = "count/resourceclaims.resource.k8s.io"


def _device_classes(reader: Reader) -> Mapping[str, str]:
    """Extended resource -> the device class that stands behind it; the first by name."""
    found: dict[str, str] = {}
    for device_class in reader.list("DeviceClass.resource.k8s.io"):
        resource = (device_class.get("spec") or {}).get("extendedResourceName")
        if resource:
            found.setdefault(resource, device_class["metadata"]["name"])
    return found


def _device_matching(names: Iterable[str], reader: Reader) -> list[str]:
    found = []
    for name in names:
        if name == _CLAIM_COUNT or name.endswith(_DEVICE_CLASS):
            found.append(name)
        elif name.startswith(f"requests.{IMPLICIT_DEVICE_CLASS}"):
            if name.removeprefix(f"requests.{IMPLICIT_DEVICE_CLASS}") in _device_classes(reader).values():
                found.append(name)
        elif is_extended_request(name) and name.removeprefix("requests.") in _device_classes(reader):
            found.append(name)
    return found


def _device_usage(claim: Object, reader: Reader) -> Amounts:
    devices: dict[str, int] = {}
    for request in ((claim.get("spec") or {}).get("devices") or {}).get("requests") or ():
        wanted: dict[str, int] = {}
        for option in request.get("firstAvailable") or ([request["exactly"]] if "exactly" in request else []):
            everything = option.get("allocationMode") == "All"
            count = _DEVICES_AT_MOST if everything else option.get("count") or 0
            name = option.get("deviceClassName") or ""
            wanted[name] = max(wanted.get(name, 0), count)
        for name, count in wanted.items():
            devices[name] = devices.get(name, 0) + count
    usage: Amounts = {_CLAIM_COUNT: ONE}
    resources = {device_class: resource for resource, device_class in _device_classes(reader).items()}
    for name, count in devices.items():
        usage[name + _DEVICE_CLASS] = Quantity(count)
        if count:
            usage[f"requests.{IMPLICIT_DEVICE_CLASS}{name}"] = Quantity(count)
            if name in resources:
                usage[f"requests.{resources[name]}"] = Quantity(count)
    return usage


RESOURCE_CLAIMS = Evaluator("ResourceClaim.resource.k8s.io", _device_matching, _device_usage, created_or_updated)
