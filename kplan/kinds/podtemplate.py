"""PodTemplate: a pod template by itself.

Upstream: pkg/apis/core/validation/validation.go, pkg/registry/core/podtemplate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.field import FieldErrors
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.podspec import (
    default_pod_template,
    drop_disabled_template_fields,
    options_for_template,
    pod_spec_references,
    pod_template_warnings,
    validate_pod_template_spec,
)
from kplan.kinds.strategy import count_generation, first_generation


def default(obj: Object) -> None:
    """A pod template's defaults."""
    default_pod_template(obj["template"])


def prepare(obj: Object) -> None:
    """A new template."""
    first_generation(obj)
    drop_disabled_template_fields(obj["template"])


def prepare_update(new: Object, old: Object) -> None:
    """A changed template."""
    drop_disabled_template_fields(new["template"], old["template"])
    count_generation(new, old, "template")


def validate(obj: Object) -> FieldErrors:
    """A new template."""
    yield from validate_object_meta(obj["metadata"], True, name_is_dns_subdomain)
    yield from validate_pod_template_spec(obj["template"], "template", options_for_template(obj["template"]))


def validate_update(new: Object, old: Object) -> FieldErrors:
    """A changed template."""
    return validate_pod_template_spec(new["template"], "template", options_for_template(new["template"], old["template"]))


def warnings(obj: Object) -> Iterable[str]:
    """Of a new template."""
    return pod_template_warnings(obj["template"], "template")


def update_warnings(new: Object, old: Object) -> Iterable[str]:
    """Of a template that changed."""
    if new["metadata"].get("generation") != old["metadata"].get("generation"):
        return pod_template_warnings(new["template"], "template", old["template"])
    return ()


def references(obj: Object) -> Iterator[Reference]:
    """What its pods would name."""
    return pod_spec_references((obj.get("template") or {}).get("spec") or {}, namespace_of(obj), "template.spec")


KIND = Kind(
    group="",
    version="v1",
    kind="PodTemplate",
    plural="podtemplates",
    namespaced=True,
    default=default,
    prepare=prepare,
    prepare_update=prepare_update,
    validate=validate,
    validate_update=validate_update,
    warnings=warnings,
    update_warnings=update_warnings,
    references=references,
)
