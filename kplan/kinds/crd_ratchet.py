"""What a stored definition already has wrong, and may therefore keep.

Upstream: the require… functions of apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kplan.api.objects import Object, copy_tree
from kplan.kinds.crd_structural import inner_schemas, not_convertible, structural_errors
from kplan.kinds.keypair import certificate_bundle_error
from kplan.schema import structural

REVIEW_VERSIONS = ("v1", "v1beta1")
EXTENSIONS = frozenset(
    {
        *("x-kubernetes-embedded-resource", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"),
        *("x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-validations"),
    }
)


def schemas(spec: Object) -> Iterator[Object]:
    """The schemas of a spec, in either form of it."""
    for holder in (spec.get("validation"), *(v.get("schema") for v in spec.get("versions") or ())):
        schema = (holder or {}).get("openAPIV3Schema")
        if schema is not None:
            yield schema


def any_schema(spec: Object, wanted: Callable[[Object], object]) -> bool:
    """Whether any schema of a spec, or any inside it, is as wanted."""
    return any(_has(schema, wanted) for schema in schemas(spec))


def _has(schema: Object, wanted: Callable[[Object], object]) -> bool:
    if wanted(schema):
        return True
    return any(_has(inner, wanted) for inner in inner_schemas(schema))


def has_defaults(spec: Object) -> bool:
    """Whether any schema states defaults."""
    return any_schema(spec, lambda schema: schema.get("default") is not None)


def has_extensions(spec: Object) -> bool:
    """Whether any schema states extensions that need structure."""
    return any_schema(spec, lambda schema: not EXTENSIONS.isdisjoint(schema))


def is_structural(spec: Object) -> bool:
    """Whether all schemas are structural."""
    return all(not not_convertible(schema) and not structural_errors(schema, "") for schema in schemas(spec))


def has_unpruned_defaults(spec: Object) -> bool:
    """Whether a default has fields that its schema does not know."""
    return any(_unpruned(schema, schema, True) for schema in schemas(spec) if not not_convertible(schema))


def _unpruned(schema: Object, root: Object, whole: bool) -> bool:
    value = schema.get("default")
    if value is not None:
        pruned = copy_tree(value)
        if whole and isinstance(pruned, dict):
            structural.prune(pruned, structural.Structure(schema, root=True))
        else:
            structural.prune_part(pruned, structural.Structure(schema))
        if pruned != value:
            return True
    inner = [schema.get("items"), schema.get("additionalProperties"), *(schema.get("properties") or {}).values()]
    return any(_unpruned(one, root, False) for one in inner if isinstance(one, dict))


def review_version_known(versions: list[str]) -> bool:
    """Whether the server speaks one of the versions in which a webhook can be asked."""
    return not set(versions).isdisjoint(REVIEW_VERSIONS)


def has_known_review_version(spec: Object) -> bool:
    """The same of a stored conversion, which may have none."""
    versions = ((spec.get("conversion") or {}).get("webhook") or {}).get("conversionReviewVersions") or []
    return not versions or review_version_known(versions)


def has_invalid_ca_bundle(spec: Object) -> bool:
    """Whether a stored webhook's certificate authorities cannot be read."""
    bundle = (((spec.get("conversion") or {}).get("webhook") or {}).get("clientConfig") or {}).get("caBundle")
    return bundle is not None and bool(bundle) and bool(certificate_bundle_error(bundle))


def unchanged_schemas(new: Object, old: Object) -> frozenset[str]:
    """The versions whose schemas are as they were."""
    before = {v.get("name"): v.get("schema") for v in old.get("versions") or ()}
    return frozenset(v.get("name") or "" for v in new.get("versions") or () if v.get("name") in before and v.get("schema") == before[v.get("name")])
