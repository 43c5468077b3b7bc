"""DeviceClass.

Upstream: pkg/apis/resource/validation/validation.go, pkg/registry/resource/deviceclass/strategy.go.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import long_name
from kplan.api.objects import Object
from kplan.kinds.checks import same
from kplan.kinds.devices import validate_device_configuration, validate_selectors, validate_slice
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.resourcenames import is_extended
from kplan.kinds.strategy import count_generation, first_generation

MAX_CONFIGS = 32


def _name_rule(name: str, prefix: bool) -> list[str]:
    return long_name(name)


def validate(device_class: Object) -> FieldErrors:
    """Upstream: ValidateDeviceClass."""
    return _validate(device_class, stored_config=False)


def _validate(device_class: Object, *, stored_config: bool) -> FieldErrors:
    spec = device_class["spec"]
    yield from validate_object_meta(device_class["metadata"], False, _name_rule, check_generate_name=False)
    yield from validate_selectors(spec.get("selectors") or (), "spec.selectors")
    yield from validate_slice(
        spec.get("config") or (), MAX_CONFIGS, lambda config, path: validate_device_configuration(config, path, stored=stored_config), "spec.config"
    )
    name = spec.get("extendedResourceName")
    if name is not None and not is_extended(name):
        yield invalid("spec.extendedResourceName", name, "must be a valid extended resource name")


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateDeviceClassUpdate."""
    return _validate(new, stored_config=same(new["spec"].get("config"), old["spec"].get("config")))


def prepare_update(new: Object, old: Object) -> None:
    """A changed spec counts."""
    count_generation(new, old, "spec")


KIND = Kind(
    group="resource.k8s.io",
    version="v1",
    kind="DeviceClass",
    plural="deviceclasses",
    namespaced=False,
    prepare=first_generation,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
)
