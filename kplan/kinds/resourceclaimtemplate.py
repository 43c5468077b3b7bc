"""ResourceClaimTemplate.

Upstream: pkg/apis/resource/validation/validation.go, pkg/registry/resource/resourceclaimtemplate/strategy.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.field import FieldErrors, invalid
from kplan.api.names import name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.api.reader import Reader
from kplan.kinds.checks import same
from kplan.kinds.claimspec import validate_template_meta
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind, Reference
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.resourceclaimspec import (
    default_resource_claim_spec,
    resource_claim_spec_references,
    validate_admin_access,
    validate_resource_claim_spec,
)


def default(template: Object) -> None:
    """As in a claim."""
    default_resource_claim_spec(template["spec"].get("spec") or {})


def validate(template: Object) -> FieldErrors:
    """Upstream: ValidateResourceClaimTemplate."""
    spec = template["spec"]
    yield from validate_object_meta(template["metadata"], True, name_is_dns_subdomain)
    yield from validate_template_meta(spec.get("metadata") or {}, "spec.metadata")
    yield from validate_resource_claim_spec(spec.get("spec") or {}, "spec.spec")


def validate_in_cluster(template: Object, reader: Reader) -> FieldErrors:
    """Upstream: AuthorizedForAdmin."""
    return validate_admin_access(template["spec"].get("spec") or {}, namespace_of(template), reader)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """The spec is immutable.   Upstream: ValidateResourceClaimTemplateUpdate."""
    yield from validate(new)
    if not same(new["spec"], old["spec"]):
        yield invalid("spec", internal("ResourceClaimTemplateSpec", new["spec"]), "field is immutable")


def references(template: Object) -> Iterator[Reference]:
    """The classes that claims made from it ask for."""
    return resource_claim_spec_references((template.get("spec") or {}).get("spec") or {}, "spec.spec")


KIND = Kind(
    group="resource.k8s.io",
    version="v1",
    kind="ResourceClaimTemplate",
    plural="resourceclaimtemplates",
    namespaced=True,
    default=default,
    validate=validate,
    validate_in_cluster=validate_in_cluster,
    validate_update=validate_update,
    references=references,
)
