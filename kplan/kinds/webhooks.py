"""Webhooks: what mutating and validating configurations share.

Upstream: pkg/apis/admissionregistration/{v1,validation}, staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go.
Rules of match conditions that need a CEL compiler are checked where kplan has one, and else left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from kplan.api.field import FieldErrors, duplicate, invalid, required, too_many
from kplan.api.names import (
    is_dns1035_label,
    is_dns1123_subdomain,
    is_fully_qualified_name,
    is_qualified_name,
    is_valid_port_num,
    name_is_dns_subdomain,
)
from kplan.api.objects import Object, name_of
from kplan.api.urls import parse_url
from kplan.kinds.enums import unsupported
from kplan.kinds.kind import Reference
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.metadata import validate_object_meta

REVIEW_VERSIONS = ("v1", "v1beta1")
OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES = ("*", "Cluster", "Namespaced")
FAILURE_POLICIES = ("Fail", "Ignore")
MATCH_POLICIES = ("Equivalent", "Exact")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
MAX_MATCH_CONDITIONS = 64
STATIC_SUFFIX = ".static.k8s.io"
URL_FORM = "; desired format: https://host[/path]"


class Options(NamedTuple):
    """What a stored configuration already has wrong, and may therefore keep."""

    ignore_match_conditions: bool = False
    require_no_side_effects: bool = True
    require_known_review_version: bool = True
    require_unique_names: bool = True
    invalid_label_values: bool = False


def default_webhook(webhook: Object) -> None:
    """Upstream: SetDefaults_ValidatingWebhook, SetDefaults_Rule, SetDefaults_ServiceReference."""
    webhook.setdefault("failurePolicy", "Fail")
    webhook.setdefault("matchPolicy", "Equivalent")
    webhook.setdefault("namespaceSelector", {})
    webhook.setdefault("objectSelector", {})
    webhook.setdefault("timeoutSeconds", 10)
    for rule in webhook.get("rules") or ():
        rule.setdefault("scope", "*")
    service = (webhook.get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)


def options_for_update(new: Object, old: Object) -> Options:
    """Upstream: ValidateValidatingWebhookConfigurationUpdate."""
    now, was = new.get("webhooks") or [], old.get("webhooks") or []
    names = [webhook.get("name") for webhook in was]
    versions = [webhook.get("admissionReviewVersions") or () for webhook in was]
    selectors = [webhook.get(field) for webhook in was for field in ("namespaceSelector", "objectSelector")]
    return Options(
        ignore_match_conditions=len(now) == len(was)
        and all((a.get("matchConditions") or []) == (b.get("matchConditions") or []) for a, b in zip(now, was, strict=True)),
        require_no_side_effects=all(webhook.get("sideEffects") in NO_SIDE_EFFECTS for webhook in was),
        require_known_review_version=all(not v or not set(v).isdisjoint(REVIEW_VERSIONS) for v in versions),
        require_unique_names=len(names) == len(set(names)),
        invalid_label_values=any(True for selector in selectors for _ in validate_label_selector(selector, "")),
    )


def validate_configuration(obj: Object, options: Options = Options()) -> FieldErrors:  # noqa: B008 - an immutable tuple
    """Upstream: validateMutatingWebhookConfiguration, validateValidatingWebhookConfiguration."""
    yield from validate_object_meta(obj["metadata"], False, name_is_dns_subdomain)
    seen: set[str] = set()
    for i, webhook in enumerate(obj.get("webhooks") or ()):
        path = f"webhooks[{i}]"
        yield from _validate_webhook(webhook, options, path)
        versions = webhook.get("admissionReviewVersions") or []
        yield from _validate_review_versions(versions, options.require_known_review_version, f"{path}.admissionReviewVersions")
        name = webhook.get("name")
        if options.require_unique_names and name:
            if name in seen:
                yield duplicate(f"{path}.name", name)
            seen.add(name)


def _validate_webhook(webhook: Object, options: Options, path: str) -> FieldErrors:
    yield from is_fully_qualified_name(f"{path}.name", webhook.get("name") or "")
    for i, rule in enumerate(webhook.get("rules") or ()):
        yield from validate_rule_with_operations(rule, f"{path}.rules[{i}]")
    for field, supported in (("failurePolicy", FAILURE_POLICIES), ("matchPolicy", MATCH_POLICIES)):
        if field in webhook and webhook[field] not in supported:
            yield unsupported(f"{path}.{field}", webhook[field], supported)
    side_effects, allowed = webhook.get("sideEffects"), NO_SIDE_EFFECTS if options.require_no_side_effects else SIDE_EFFECTS
    if side_effects is None:
        yield required(f"{path}.sideEffects", f"must specify one of {', '.join(allowed)}")
    elif side_effects not in allowed:
        yield unsupported(f"{path}.sideEffects", side_effects, allowed)
    timeout = webhook.get("timeoutSeconds")
    if timeout is not None and not 1 <= timeout <= 30:
        yield invalid(f"{path}.timeoutSeconds", timeout, "the timeout value must be between 1 and 30 seconds")
    for field in ("namespaceSelector", "objectSelector"):
        yield from validate_label_selector(webhook.get(field), f"{path}.{field}", allow_invalid_values=options.invalid_label_values)
    policy = webhook.get("reinvocationPolicy")
    if policy is not None and policy not in REINVOCATION_POLICIES:
        yield unsupported(f"{path}.reinvocationPolicy", policy, REINVOCATION_POLICIES)
    yield from _validate_client(webhook.get("clientConfig") or {}, f"{path}.clientConfig")
    if not options.ignore_match_conditions:
        yield from validate_match_conditions(webhook.get("matchConditions") or (), f"{path}.matchConditions")


def validate_rule_with_operations(rule: Object, path: str) -> FieldErrors:
    """Which requests a webhook is about.   Upstream: validateRuleWithOperations."""
    operations = rule.get("operations")
    if not operations:
        yield required(f"{path}.operations")
    elif len(operations) > 1 and "*" in operations:
        yield invalid(f"{path}.operations", operations, "if '*' is present, must not specify other operations")
    for i, operation in enumerate(operations or ()):
        if operation not in OPERATIONS:
            yield unsupported(f"{path}.operations[{i}]", operation, OPERATIONS)
    for field, what in (("apiGroups", "API groups"), ("apiVersions", "API versions")):
        values = rule.get(field)
        if not values:
            yield required(f"{path}.{field}")
        elif len(values) > 1 and "*" in values:
            yield invalid(f"{path}.{field}", values, f"if '*' is present, must not specify other {what}")
    for i, version in enumerate(rule.get("apiVersions") or ()):
        if not version:
            yield required(f"{path}.apiVersions[{i}]")
    yield from _validate_resources(rule.get("resources") or [], f"{path}.resources")
    if "scope" in rule and rule["scope"] not in SCOPES:
        yield unsupported(f"{path}.scope", rule["scope"], SCOPES)


def _validate_resources(resources: list[str], path: str) -> FieldErrors:
    if not resources:
        yield required(path)
    every_sub: set[str] = set()
    every_resource: set[str] = set()
    plain = False
    for i, name in enumerate(resources):
        if not name:
            yield required(f"{path}[{i}]")
            continue
        resource, slash, sub = name.partition("/")
        if not slash:
            plain = name != "*"  # the last one counts, as upstream has it
            continue
        if resource in every_sub:
            yield invalid(f"{path}[{i}]", name, f"if '{resource}/*' is present, must not specify {name}")
        if sub in every_resource:
            yield invalid(f"{path}[{i}]", name, f"if '*/{sub}' is present, must not specify {name}")
        if sub == "*":
            every_sub.add(resource)
        if resource == "*":
            every_resource.add(sub)
    if len(resources) > 1 and "*/*" in resources:
        yield invalid(path, resources, "if '*/*' is present, must not specify other resources")
    if "*" in resources and plain:
        yield invalid(path, resources, "if '*' is present, must not specify other resources without subresources")


def _validate_client(client: Object, path: str) -> FieldErrors:
    url, service = client.get("url"), client.get("service")
    if (url is None) == (service is None):
        yield required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from validate_webhook_url(url, f"{path}.url")
    elif service is not None:
        yield from validate_webhook_service(service, f"{path}.service")


def validate_webhook_url(text: str, path: str) -> FieldErrors:
    """https, a host, nothing but a path.   Upstream: ValidateWebhookURL."""
    url = parse_url(text)
    if url.error:
        yield required(path, f"url must be a valid URL: {url.error}{URL_FORM}")
        return
    if url.scheme != "https":
        yield invalid(path, url.scheme, f"'https' is the only allowed URL scheme{URL_FORM}")
    if not url.host:
        yield invalid(path, url.host, f"host must be specified{URL_FORM}")
    if url.user is not None:
        yield invalid(path, url.user, "user information is not permitted in the URL")
    if url.fragment:
        yield invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield invalid(path, url.query, "query parameters are not permitted in the URL")


def validate_webhook_service(service: Object, path: str) -> FieldErrors:
    """Name, namespace, port, path.   Upstream: ValidateWebhookService, whose caller passes name and namespace the wrong way round."""
    for field, given in (("name", "namespace"), ("namespace", "name")):
        if not service.get(given):
            yield required(f"{path}.{field}")
    port, url_path = service.get("port") or 0, service.get("path") or ""
    if errors := is_valid_port_num(port):
        yield invalid(f"{path}.port", port, "port is not valid: " + ", ".join(errors))
    if url_path in ("", "/"):
        return
    if url_path == "//":
        yield invalid(f"{path}.path", url_path, "segment[0] may not be empty")
        return
    if not url_path.startswith("/"):
        yield invalid(f"{path}.path", url_path, "must start with a '/'")
    for i, step in enumerate(url_path[1:].removesuffix("/").split("/")):
        if not step:
            yield invalid(f"{path}.path", url_path, f"segment[{i}] may not be empty")
        for message in is_dns1123_subdomain(step) if step else ():
            yield invalid(f"{path}.path", url_path, f"segment[{i}]: {message}")


def _validate_review_versions(versions: list[str], require_known: bool, path: str) -> FieldErrors:
    known = ", ".join(REVIEW_VERSIONS)
    if not versions:
        yield required(path, f"must specify one of {known}")
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(f"{path}[{i}]", version, "duplicate version")
            continue
        for message in is_dns1035_label(version):
            yield invalid(f"{path}[{i}]", version, message)
    if require_known and set(versions).isdisjoint(REVIEW_VERSIONS):
        yield invalid(path, versions, f"must include at least one of {known}")


def validate_match_conditions(conditions: tuple[Object, ...] | list[Object], path: str) -> FieldErrors:
    """Expressions that a request must meet.   Upstream: validateMatchConditions."""
    if len(conditions) > MAX_MATCH_CONDITIONS:
        yield too_many(path, len(conditions), MAX_MATCH_CONDITIONS)
    seen: set[str] = set()
    for i, condition in enumerate(conditions):
        expression, name = (condition.get("expression") or "").strip(), condition.get("name") or ""
        if not expression:
            yield required(f"{path}[{i}].expression")
        elif error := expression_error(expression):
            yield invalid(f"{path}[{i}].expression", expression, error)
        if not name:
            yield required(f"{path}[{i}].name")
            continue
        for message in is_qualified_name(name):
            yield invalid(f"{path}[{i}].name", name, message)
        if name in seen:
            yield duplicate(f"{path}[{i}].name", name)
        seen.add(name)


@cache
def expression_error(expression: str) -> str:
    """What the compiler says of a match condition; nothing where there is no compiler."""
    if find_spec("kplan.cel") is None:
        return ""
    return str(import_module("kplan.cel").match_condition_error(expression))


def static_name_warnings(obj: Object) -> Iterator[str]:
    """Names that belong to configurations which the server reads from files.   Upstream: WarningsForStaticSuffix."""
    if name_of(obj).endswith(STATIC_SUFFIX):
        yield (
            f'metadata.name: names ending with "{STATIC_SUFFIX}" are reserved for static manifest-based configurations '
            "and cannot be managed via the API"
        )


def webhook_references(obj: Object) -> Iterator[Reference]:
    """The Services that answer."""
    for i, webhook in enumerate(obj.get("webhooks") or ()):
        service = (webhook.get("clientConfig") or {}).get("service") or {}
        if service.get("name") and service.get("namespace"):
            yield Reference(f"webhooks[{i}].clientConfig.service.name", "Service", service["namespace"], service["name"], key=str(service.get("port") or ""))
