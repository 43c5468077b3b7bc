"""The spec of a definition: group, scope, names, versions, conversion, columns, subresources, selectable fields.

Upstream: apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go. The spec is in the form of `crd_internal`.
"""

from __future__ import annotations

from dataclasses import replace

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required, too_many
from kplan.api.names import is_dns1035_label, is_dns1123_subdomain, size
from kplan.api.objects import Object
from kplan.kinds.crd_internal import printed_versions
from kplan.kinds.crd_openapi import Options, schema_errors
from kplan.kinds.crd_paths import PathError, find, simple_json_path
from kplan.kinds.crd_ratchet import has_defaults, has_extensions, review_version_known
from kplan.kinds.crd_structural import not_convertible
from kplan.kinds.keypair import certificate_bundle_error
from kplan.kinds.webhooks import validate_webhook_service, validate_webhook_url

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
MAX_SELECTABLE_FIELDS = 8
NAMES = ("plural", "singular", "kind", "listKind")


def spec_errors(spec: Object, options: Options, path: str) -> FieldErrors:
    """Upstream: validateCustomResourceDefinitionSpec."""
    yield from _group_and_scope(spec, path)
    preserve = bool(spec.get("preserveUnknownFields"))
    options = replace(options, structural=options.structural or not preserve)
    versions = spec.get("versions")
    if "validation" not in spec or spec["validation"].get("openAPIV3Schema") is None:
        for index, version in enumerate(versions or ()):
            if (version.get("schema") or {}).get("openAPIV3Schema") is not None:
                continue
            here = f"{path}.versions[{index}].schema.openAPIV3Schema"
            if options.schema:
                yield required(here)
            elif not preserve and version.get("served"):
                yield required(here, "because otherwise all fields are pruned")
    if has_defaults(spec):
        options = replace(options, structural=True)
        if preserve:
            yield invalid(f"{path}.preserveUnknownFields", True, "must be false in order to use defaults in the schema")
    if has_extensions(spec):
        options = replace(options, structural=True)
    yield from _versions(spec, options, path)
    names = spec.get("names") or {}
    for name in NAMES:
        if not names.get(name):
            yield required(f"{path}.names.{name}")
    yield from names_errors(names, f"{path}.names")
    if "validation" in spec:
        enabled = _status_enabled(spec.get("subresources")) or any(_status_enabled(v.get("subresources")) for v in versions or ())
        yield from schema_errors(spec["validation"], enabled, _for_version(options, spec.get("version") or ""), f"{path}.validation")
    yield from subresource_errors(spec.get("subresources"), f"{path}.subresources")
    for index, column in enumerate(spec.get("additionalPrinterColumns") or ()):
        yield from column_errors(column, f"{path}.additionalPrinterColumns[{index}]")
    if spec.get("selectableFields"):
        here = f"{path}.selectableFields"
        if "validation" not in spec:
            yield invalid(here, "", "may only be set when validations.schema is included")
        else:
            schema = spec["validation"].get("openAPIV3Schema") or {}
            yield from selectable_errors(spec["selectableFields"], schema, here, "" in options.too_many_selectable_fields)
    yield from _conversion(spec, preserve, options, f"{path}.conversion")


def _group_and_scope(spec: Object, path: str) -> FieldErrors:
    group, scope = spec.get("group") or "", spec.get("scope") or ""
    if not group:
        yield required(f"{path}.group")
    elif errors := is_dns1123_subdomain(group):
        yield invalid(f"{path}.group", group, ",".join(errors))
    elif "." not in group:
        yield invalid(f"{path}.group", group, "should be a domain with at least one dot")
    yield from _one_of(f"{path}.scope", scope, ("Cluster", "Namespaced"))


def _one_of(path: str, value: str, accepted: tuple[str, ...]) -> FieldErrors:
    if not value:
        yield required(path)
    elif value not in accepted:
        yield not_supported(path, value, accepted)


def _for_version(options: Options, version: str) -> Options:
    return replace(options, suppress_cost=True) if version in options.unchanged_versions else options


def _status_enabled(subresources: Object | None) -> bool:
    return subresources is not None and subresources.get("status") is not None


def _versions(spec: Object, options: Options, path: str) -> FieldErrors:
    versions = spec.get("versions")
    shared = spec.get("subresources") if all(v.get("subresources") is None for v in versions or ()) else None
    for index, version in enumerate(versions or ()):
        here, name = f"{path}.versions[{index}]", version.get("name") or ""
        if errors := is_dns1035_label(name):
            yield invalid(f"{here}.name", name, ",".join(errors))
        yield from _version(version, here, _status_enabled(shared or version.get("subresources")), _for_version(options, name))
    names = [v.get("name") or "" for v in versions or ()]
    if len(set(names)) < len(names):
        yield invalid(f"{path}.versions", printed_versions(versions), "must contain unique version names")
    if sum(bool(v.get("storage")) for v in versions or ()) != 1:
        yield invalid(f"{path}.versions", printed_versions(versions), "must have exactly one version marked as storage version")
    if spec.get("version") and (errors := is_dns1035_label(spec["version"])):
        yield invalid(f"{path}.version", spec["version"], ",".join(errors))


def _version(version: Object, path: str, status_enabled: bool, options: Options) -> FieldErrors:
    """Upstream: validateCustomResourceDefinitionVersion."""
    warning = version.get("deprecationWarning")
    for words in deprecation_errors(bool(version.get("deprecated")), warning):
        yield invalid(f"{path}.deprecationWarning", warning, words)
    if version.get("schema") is not None:
        yield from schema_errors(version["schema"], status_enabled, options, f"{path}.schema")
    yield from subresource_errors(version.get("subresources"), f"{path}.subresources")
    for index, column in enumerate(version.get("additionalPrinterColumns") or ()):
        yield from column_errors(column, f"{path}.additionalPrinterColumns[{index}]")
    if version.get("selectableFields"):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        here = f"{path}.selectableFields"
        if schema is None:
            yield invalid(here, "", "may only be set when `version.schema.openAPIV3Schema` is not included")
        else:
            if error := not_convertible(schema):
                yield invalid(f"{path}.schema.openAPIV3Schema", "", error)
            yield from selectable_errors(version["selectableFields"], schema, here, (version.get("name") or "") in options.too_many_selectable_fields)


def deprecation_errors(deprecated: bool, warning: str | None) -> list[str]:
    """What is wrong with the warning of a deprecated version."""
    if warning is None:
        return []
    if not deprecated:
        return ["can only be set for deprecated versions"]
    errors = []
    if size(warning) > 256:
        errors.append("must be <= 256 characters long")
    if not warning:
        errors.append("must not be an empty string")
    offset = 0
    for char in warning:
        if not char.isprintable():
            errors.append(f"must only contain printable UTF-8 characters; non-printable character found at index {offset}")
            break
        offset += len(char.encode())
    return errors


def names_errors(names: Object, path: str) -> FieldErrors:
    """Names of a spec, or of a status.   Upstream: ValidateCustomResourceDefinitionNames."""
    for name in NAMES:
        text = names.get(name) or ""
        mixed = name in ("kind", "listKind")
        if text and (errors := is_dns1035_label(text.lower() if mixed else text)):
            yield invalid(f"{path}.{name}", text, ("may have mixed case, but should otherwise match: " if mixed else "") + ",".join(errors))
    for index, short in enumerate(names.get("shortNames") or ()):
        if errors := is_dns1035_label(short):
            yield invalid(f"{path}.shortNames[{index}]", short, ",".join(errors))
    if names.get("kind") and names["kind"] == names.get("listKind"):
        yield invalid(f"{path}.listKind", names["listKind"], "kind and listKind may not be the same")
    for index, category in enumerate(names.get("categories") or ()):
        if errors := is_dns1035_label(category):
            yield invalid(f"{path}.categories[{index}]", category, ",".join(errors))


def column_errors(column: Object, path: str) -> FieldErrors:
    """A printer column."""
    kind, form, json_path = (column.get(name) or "" for name in ("type", "format", "jsonPath"))
    if not column.get("name"):
        yield required(f"{path}.name")
    if kind not in COLUMN_TYPES:
        words = f"must be one of {','.join(COLUMN_TYPES)}"
        yield invalid(f"{path}.type", kind, words) if kind else required(f"{path}.type", words)
    if form and form not in COLUMN_FORMATS:
        yield invalid(f"{path}.format", form, f"must be one of {','.join(COLUMN_FORMATS)}")
    if json_path:
        yield from simple_json_path(json_path, f"{path}.JSONPath")
    else:
        yield required(f"{path}.JSONPath")


def subresource_errors(subresources: Object | None, path: str) -> FieldErrors:
    """Status and scale."""
    scale = (subresources or {}).get("scale")
    if scale is None:
        return
    for name, under in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        here, text = f"{path}.scale.{name}", scale.get(name) or ""
        if not text:
            yield required(here)
        elif errors := list(simple_json_path(text, here)):
            yield from errors
        elif not text.startswith(under):
            yield invalid(here, text, f"should be a json path under {under[:-1]}")
    text, here = scale.get("labelSelectorPath") or "", f"{path}.scale.labelSelectorPath"
    if text:
        errors = list(simple_json_path(text, here))
        yield from errors
        if not errors and not text.startswith((".spec.", ".status.")):
            yield invalid(here, text, "should be a json path under either .spec or .status")


def selectable_errors(fields: list[Object], schema: Object, path: str, allow_too_many: bool) -> FieldErrors:
    """Fields by which objects can be listed."""
    seen: set[str] = set()
    for index, field in enumerate(fields):
        here, text = f"{path}[{index}].jsonPath", field.get("jsonPath") or ""
        if not text:
            yield required(here)
            continue
        try:
            name, found = find(text, schema, brackets=False)
        except PathError as error:
            yield invalid(here, text, f"is an invalid path: {error}")
            continue
        if name.partition(".")[0].partition("[")[0] == "metadata":
            yield invalid(here, text, "must not point to fields in metadata")
        if found.get("type") not in ("string", "boolean", "integer"):
            words = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."
            yield invalid(here, text, words)
        if name in seen:
            yield duplicate(here, text)
        seen.add(name)
    if len(seen) > MAX_SELECTABLE_FIELDS and not allow_too_many:
        yield too_many(path, len(seen), MAX_SELECTABLE_FIELDS)


def _conversion(spec: Object, preserve: bool, options: Options, path: str) -> FieldErrors:
    """Upstream: validateCustomResourceConversion."""
    conversion = spec.get("conversion")
    if conversion is None:
        return
    strategy, webhook = conversion.get("strategy") or "", conversion.get("webhook") or {}
    if strategy != "None" and preserve:
        yield invalid(f"{path}.strategy", strategy, "must be None if spec.preserveUnknownFields is true")
    yield from _one_of(f"{path}.strategy", strategy, ("None", "Webhook"))
    client, versions = webhook.get("clientConfig"), webhook.get("conversionReviewVersions")
    if strategy != "Webhook":
        if client is not None:
            yield forbidden(f"{path}.webhookClientConfig", "should not be set when strategy is not set to Webhook")
        if versions:
            yield forbidden(f"{path}.conversionReviewVersions", "should not be set when strategy is not set to Webhook")
        return
    if client is None:
        yield required(f"{path}.webhookClientConfig", "required when strategy is set to Webhook")
    else:
        yield from _client(client, options, f"{path}.webhookClientConfig")
    yield from _review_versions(versions or [], options.recognized_review_version, f"{path}.conversionReviewVersions")


def _client(client: Object, options: Options, path: str) -> FieldErrors:
    url, service, bundle = client.get("url"), client.get("service"), client.get("caBundle")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from validate_webhook_url(url, f"{path}.url")
    elif service is not None:
        yield from validate_webhook_service(service, f"{path}.service")
    if bundle and not options.invalid_ca_bundle and (error := certificate_bundle_error(bundle)):
        yield invalid(f"{path}.caBundle", bundle, error)


def _review_versions(versions: list[str], require_known: bool, path: str) -> FieldErrors:
    if not versions:
        yield required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        for message in is_dns1035_label(version):
            yield invalid(f"{path}[{index}]", version, message)
    if require_known and not review_version_known(versions):
        yield invalid(path, versions, "must include at least one of v1, v1beta1")
