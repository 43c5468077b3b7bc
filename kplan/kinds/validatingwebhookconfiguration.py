"""ValidatingWebhookConfiguration.

Upstream: pkg/apis/admissionregistration/{v1,validation}, pkg/registry/admissionregistration/validatingwebhookconfiguration.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors
from kplan.api.objects import Object
from kplan.kinds.kind import Kind
from kplan.kinds.strategy import count_generation, first_generation
from kplan.kinds.webhooks import default_webhook, options_for_update, static_name_warnings, validate_configuration, webhook_references


def default(obj: Object) -> None:
    """Of each webhook."""
    for webhook in obj.get("webhooks") or ():
        default_webhook(webhook)


def validate_update(new: Object, old: Object) -> FieldErrors:
    """What the stored one has wrong may stay so."""
    return validate_configuration(new, options_for_update(new, old))


KIND = Kind(
    group="admissionregistration.k8s.io",
    version="v1",
    kind="ValidatingWebhookConfiguration",
    plural="validatingwebhookconfigurations",
    namespaced=False,
    unconditional_update=False,
    default=default,
    prepare=first_generation,
    prepare_update=lambda new, old: count_generation(new, old, "webhooks"),
    validate=validate_configuration,
    validate_update=validate_update,
    warnings=static_name_warnings,
    update_warnings=lambda new, _old: static_name_warnings(new),
    references=webhook_references,
)
