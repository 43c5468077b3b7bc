"""Event, in its old form (v1) and its new one (events.k8s.io/v1), which asks for more.

Upstream: pkg/apis/core/validation/events.go, pkg/apis/events/v1/conversion.go, pkg/registry/core/event. The server keeps
both in one place; here each group has its own, since nobody writes the one to read the other. Paths of errors are those of
the old form, as upstream's are.
"""

from __future__ import annotations

from kplan.api.field import FieldErrors, invalid, required
from kplan.api.names import is_dns1123_subdomain, is_qualified_name, name_is_dns_subdomain
from kplan.api.objects import Object, namespace_of
from kplan.kinds.checks import IMMUTABLE, same
from kplan.kinds.internalform import internal
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta

LONGEST, LONGEST_NOTE = 128, 1024
SYSTEM = "kube-system"
OLD_NAMES = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
FIXED: dict[str, str | int | None] = {
    "involvedObject": "ObjectReference",
    "reason": "",
    "message": "",
    "source": "EventSource",
    "firstTimestamp": None,
    "lastTimestamp": None,
    "count": 0,
    "type": "",
    "eventTime": None,
    "action": "",
    "related": "ObjectReference",
    "reportingComponent": "",
    "reportingInstance": "",
}
"""What may not change, with the value that absence stands for or the struct that refusals print."""


def old_form(obj: Object) -> Object:
    """An events.k8s.io Event with the field names of v1."""
    return {OLD_NAMES.get(key, key): value for key, value in obj.items()}


def validate(obj: Object) -> FieldErrors:
    """A v1 Event: the rules that always held."""
    return validate_legacy(obj, "reportingComponent")


def validate_update(new: Object, _old: Object) -> FieldErrors:
    """A changed v1 Event is judged as a new one."""
    return validate_legacy(new, "reportingComponent")


def validate_legacy(event: Object, reporter_field: str) -> FieldErrors:
    """What both forms must be; an event time is the mark of new events.   Upstream: legacyValidateEvent."""
    namespace = namespace_of(event)
    subject = (event.get("involvedObject") or {}).get("namespace") or ""
    astray = invalid("involvedObject.namespace", subject, "does not match event.namespace")
    if not event.get("eventTime"):
        if (subject and namespace != subject) or (not subject and namespace not in ("", "default")):
            yield astray
    else:
        if not subject and namespace not in ("default", SYSTEM):
            yield astray
        yield from validate_reporter(event, reporter_field)
        for field, longest in (("reportingInstance", LONGEST), ("action", LONGEST), ("reason", LONGEST)):
            if not event.get(field):
                yield required(field)
            yield from at_most(event, field, longest)
        yield from at_most(event, "message", LONGEST_NOTE)
    for message in is_dns1123_subdomain(namespace):
        yield invalid("namespace", namespace, message)


def validate_reporter(event: Object, field: str) -> FieldErrors:
    """The controller that reports has a qualified name."""
    reporter = event.get("reportingComponent") or ""
    if not reporter:
        yield required(field)
    for message in is_qualified_name(reporter):
        yield invalid(field, reporter, message)


def at_most(event: Object, field: str, longest: int) -> FieldErrors:
    """A text has at most so many bytes."""
    if len((event.get(field) or "").encode()) > longest:
        yield invalid(field, "", f"can have at most {longest} characters")


def validate_new_form(obj: Object) -> FieldErrors:
    """A new events.k8s.io Event: nothing deprecated in it.   Upstream: ValidateEventCreate."""
    event = old_form(obj)
    yield from validate_legacy(event, "reportingController")
    yield from validate_object_meta(event["metadata"], True, name_is_dns_subdomain)
    yield from validate_series(event)
    if not event.get("eventTime"):
        yield required("eventTime")
    if event.get("type") not in ("Normal", "Warning"):
        yield invalid("type", "", f"has invalid value: {event.get('type') or ''}")
    for field in ("firstTimestamp", "lastTimestamp", "count", "source"):
        if event.get(field):
            yield invalid(field, "", "needs to be unset")


def validate_series(event: Object) -> FieldErrors:
    """A series has happened at least twice."""
    series = event.get("series")
    if series is not None:
        if (series.get("count") or 0) < 2:
            yield invalid("series.count", "", "should be at least 2")
        if not series.get("lastObservedTime"):
            yield required("series.lastObservedTime")


def validate_new_form_update(new: Object, old: Object) -> FieldErrors:
    """Of an events.k8s.io Event only the series (and metadata) may change.   Upstream: ValidateEventUpdate."""
    event, was = old_form(new), old_form(old)
    yield from validate_legacy(event, "reportingController")
    if event.get("series") != was.get("series"):
        yield from validate_series(event)
    for field, form in FIXED.items():
        value = event.get(field)
        if isinstance(form, str) and form:
            value = internal(form, value if value is not None or field == "related" else {})
        elif value is None:
            value = form
        if not same(event.get(field), was.get(field)):
            yield invalid("reportingController" if field == "reportingComponent" else field, value, IMMUTABLE)


KIND = Kind(
    group="",
    version="v1",
    kind="Event",
    plural="events",
    namespaced=True,
    short_names=("ev",),
    create_on_update=True,
    validate=validate,
    validate_update=validate_update,
)
NEW_FORM = Kind(
    refused_as="Event",
    group="events.k8s.io",
    version="v1",
    kind="Event",
    plural="events",
    namespaced=True,
    short_names=("ev",),
    create_on_update=True,
    validate=validate_new_form,
    validate_update=validate_new_form_update,
)
