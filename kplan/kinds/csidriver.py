"""CSIDriver.

Upstream: pkg/apis/storage/{v1/defaults.go,validation/validation.go}, pkg/registry/storage/csidriver/strategy.go. Left out: the alpha gate
VolumeLimitScaling (off), so `preventPodSchedulingIfMissing` is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, Printed, duplicate, invalid, not_supported, required
from kplan.api.gotext import go_json
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object
from kplan.kinds.checks import same, typed
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.strategy import count_generation

FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")
LIFECYCLE_MODES = ("Persistent", "Ephemeral")
TOKENS_WARNING = (
    "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, "
    "set to true to prevent possible logging of tokens in volume attributes"
)
# JSON name, and the name that errors have.
_REQUIRED = (("attachRequired", "attachedRequired"), ("podInfoOnMount", "podInfoOnMount"), ("storageCapacity", "storageCapacity"))


def default(driver: Object) -> None:
    """Upstream: SetDefaults_CSIDriver."""
    spec = driver.setdefault("spec", {})
    spec.setdefault("attachRequired", True)
    spec.setdefault("podInfoOnMount", False)
    spec.setdefault("storageCapacity", False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]
    spec.setdefault("requiresRepublish", False)
    spec.setdefault("seLinuxMount", False)


def prepare(driver: Object) -> None:
    """Fields behind a gate that is off go."""
    driver["spec"].pop("preventPodSchedulingIfMissing", None)


def prepare_update(new: Object, old: Object) -> None:
    """As on create, where the stored object has none; a changed spec counts."""
    if old["spec"].get("preventPodSchedulingIfMissing") is None:
        prepare(new)
    count_generation(new, old, "spec")


def validate(driver: Object) -> FieldErrors:
    """Upstream: ValidateCSIDriver."""
    yield from validate_object_meta(driver["metadata"], False, name_is_dns_subdomain)
    yield from _validate_spec(driver["spec"])


def _validate_spec(spec: Object) -> FieldErrors:
    for field, shown in _REQUIRED:
        if spec.get(field) is None:
            yield required(f"spec.{shown}")
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in FS_GROUP_POLICIES:
        yield not_supported("spec.fsGroupPolicy", typed(policy), FS_GROUP_POLICIES)
    yield from _validate_token_requests(spec.get("tokenRequests") or ())
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in LIFECYCLE_MODES:
            yield not_supported("spec.volumeLifecycleModes", typed(mode), LIFECYCLE_MODES)
    if spec.get("seLinuxMount") is None:
        yield required("spec.seLinuxMount")
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < 10:
        yield invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds")
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not spec.get("tokenRequests"):
        yield invalid(
            "spec.serviceAccountTokenInSecrets", in_secrets, "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        )


def _validate_token_requests(requests: list[Object] | tuple[()]) -> FieldErrors:
    audiences: set[str] = set()
    for index, request in enumerate(requests):
        audience, seconds = request.get("audience") or "", request.get("expirationSeconds")
        if audience in audiences:
            yield duplicate(f"spec.tokenRequests[{index}].audience", audience)
            continue
        audiences.add(audience)
        if seconds is None:
            continue
        if seconds < 600:
            yield invalid(f"spec.tokenRequests[{index}].expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
        if seconds > 1 << 32:
            yield invalid(f"spec.tokenRequests[{index}].expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateCSIDriverUpdate."""
    spec, held = new["spec"], old["spec"]
    yield from _validate_spec(spec)
    if spec.get("attachRequired") != held.get("attachRequired"):
        yield invalid("spec.attachedRequired", Printed(go_json(spec.get("attachRequired"))), "field is immutable")
    if not same(spec.get("volumeLifecycleModes"), held.get("volumeLifecycleModes")):
        yield invalid("spec.volumeLifecycleModes", spec.get("volumeLifecycleModes"), "field is immutable")


def warnings(driver: Object) -> Iterator[str]:
    """Tokens in volume attributes may be logged."""
    spec = driver["spec"]
    if spec.get("tokenRequests") and spec.get("serviceAccountTokenInSecrets") is None:
        yield TOKENS_WARNING


def update_warnings(new: Object, old: Object) -> Iterator[str]:
    """As on create, where the tokens changed."""
    if not same(new["spec"].get("tokenRequests"), old["spec"].get("tokenRequests")):
        yield from warnings(new)


KIND = Kind(
    group="storage.k8s.io",
    version="v1",
    kind="CSIDriver",
    plural="csidrivers",
    namespaced=False,
    unconditional_update=False,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
)
