"""What the API server says of a manifest, as diagnostics at the fields it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from kplan import schema
from kplan.api import field
from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.apiserver.response import Response
from kplan.diagnostics import Diagnostic, Severity
from kplan.diff import MASK
from kplan.kinds import KINDS
from kplan.lint.blame import blame
from kplan.manifests.manifest import Manifest

RULES = {
    field.NOT_FOUND: "field/not-found",
    field.REQUIRED: "field/required",
    field.DUPLICATE: "field/duplicate",
    field.INVALID: "field/invalid",
    field.NOT_SUPPORTED: "field/not-supported",
    field.FORBIDDEN: "field/forbidden",
    field.TOO_LONG: "field/too-long",
    field.TOO_SHORT: "field/too-short",
    field.TOO_MANY: "field/too-many",
    field.TOO_FEW: "field/too-few",
    field.INTERNAL: "field/internal",
    field.TYPE_INVALID: "field/invalid",
}
GROUPS = frozenset(k.group for k in KINDS)
_QUOTED = re.compile(r"^(?!unknown field |missing field ).*?( is (?:not|none of|out of range))", re.S)  # the value that a schema's message begins with
_ROOT = re.compile(r"[.\[]")
_FIELD = re.compile(r"(\S+?)(?:: | is (?:deprecated|ignored) )")
_UNKNOWN_FIELD = re.compile('unknown field "([^"]*)"')
HINTS = {403: "the API server refuses this whatever its fields say: see the message", 409: "give it another name, or leave one of them out"}

SIZE = "spec.resources.requests.storage"
MENTIONED = (
    ("must support resize", SIZE, "set allowVolumeExpansion: true in its StorageClass first (that may change), or copy the data to a larger claim"),
    ("claims can be expanded", SIZE, "let it be bound first"),
    ("service account", "spec.serviceAccountName", ""),
    ("PriorityClass", "spec.priorityClassName", ""),
    ("namespaces ", "metadata.namespace", ""),
)
ROLLING = "spec.strategy.rollingUpdate"
MERGED = "the live object has one, and a server-side apply keeps it: patch both fields first (kubectl patch), or apply client-side (--apply client)"


def refusal(manifest: Manifest, ref: Ref, response: Response, version: str) -> Iterator[Diagnostic]:
    """The diagnostics of a refused manifest, one a cause, each at its field."""
    data = manifest.data
    if response.code == 404 and response.message.startswith("no matches for kind"):
        yield _unserved(manifest, ref, response, version)
        return
    if response.code == 400 and "cannot be handled" in response.message:
        known = schema.lookup(version, data["apiVersion"], data["kind"]) is not None
        found = list(_schema(manifest, ref, data, version) if known else _custom(manifest, ref, response))
        if found:
            yield from found
            return
    if not response.causes:
        rule = "admission/refused" if response.code in (403, 422) else "api/refused"
        path, hint = _mentioned(response.message)
        yield Diagnostic(rule, Severity.ERROR, response.message, ref, path, manifest.locate(path), hint or HINTS.get(response.code, ""))
    seen = set()
    for cause in response.causes:
        if (cause.field, cause.message) not in seen:
            seen.add((cause.field, cause.message))
            rule = RULES.get(cause.reason, "admission/refused")
            text = f"{cause.field}: {cause.message}" if cause.field else cause.message
            hint = MERGED if cause.field == ROLLING and not _states(data, ROLLING) else ""
            yield Diagnostic(rule, Severity.ERROR, text, ref, cause.field, manifest.locate(_stated(cause.field, data)), hint)


def warnings(manifest: Manifest, ref: Ref, response: Response) -> Iterator[Diagnostic]:
    """The Warning headers of an answer."""
    for text in response.warnings:
        found = _FIELD.match(text)
        path = found.group(1) if found is not None else blame(text, manifest.data, {})
        yield Diagnostic("api/warning", Severity.WARNING, text, ref, path, manifest.locate(path))


def _stated(path: str, data: Object) -> str:
    """Where the manifest says what the server found wrong: it fills in the list of addresses from the one that was given."""
    spec = data.get("spec")
    return "spec.clusterIP" if path == "spec.clusterIPs[0]" and isinstance(spec, dict) and "clusterIPs" not in spec else path


def _schema(manifest: Manifest, ref: Ref, data: Object, version: str) -> Iterator[Diagnostic]:
    for error in schema.check(data, data["apiVersion"], data["kind"], version):
        said = _QUOTED.sub(rf"{MASK}\1", error.message) if _sensitive(data, error.path) else error.message
        text = f"{error.path}: {said}" if error.path and error.path not in said else said
        span = manifest.locate(error.path, key=error.kind == "unknown-field")
        yield Diagnostic(f"schema/{error.kind}", Severity.ERROR, text, ref, error.path, span, error.hint)


def _sensitive(data: Object, path: str) -> bool:
    """Whether the value at a path may be a secret: of a Secret all that is not known to be none."""
    return data["apiVersion"] == "v1" and data["kind"] == "Secret" and _ROOT.split(path)[0] not in ("apiVersion", "kind", "metadata", "type", "immutable")


def _custom(manifest: Manifest, ref: Ref, response: Response) -> Iterator[Diagnostic]:
    """The fields that the definition of a custom resource does not know."""
    for path in _UNKNOWN_FIELD.findall(response.message):
        yield Diagnostic("schema/unknown-field", Severity.ERROR, f'unknown field "{path}"', ref, path, manifest.locate(path, key=True))


def _unserved(manifest: Manifest, ref: Ref, response: Response, version: str) -> Diagnostic:
    """A kind that nobody serves: gone from this version, misspelt, or custom and without its definition."""
    api_version, kind = str(manifest.data["apiVersion"]), str(manifest.data["kind"])
    gone = schema.removed(api_version, kind, version)
    if gone is not None:
        instead = f"use {gone.replacement} {gone.replacement_kind}" if gone.replacement else "nothing takes its place"
        message = f"{api_version} {kind} is not served any more since v{gone.removed_in}"
        return Diagnostic("removed-api", Severity.ERROR, message, ref, "apiVersion", manifest.locate("apiVersion"), instead)
    served = schema.versions_of(kind, version)
    group = api_version.rpartition("/")[0]
    if served and (not group or "." not in group or group.endswith(".k8s.io")):
        hint = f"{kind} is served as {', '.join(dict.fromkeys(s.api_version for s in served))}"
        return Diagnostic("schema/unknown-kind", Severity.ERROR, response.message, ref, "apiVersion", manifest.locate("apiVersion"), hint)
    if group in GROUPS:  # no definition can add to the server's own groups
        near = get_close_matches(kind, sorted(k.kind for k in KINDS if k.group == group), 1)
        hint = f"did you mean {near[0]}?" if near else ""
        return Diagnostic("schema/unknown-kind", Severity.ERROR, response.message, ref, "kind", manifest.locate("kind"), hint)
    message = f"{api_version} {kind} is a custom resource whose definition is not in the input: it is not checked"
    hint = "add its CustomResourceDefinition to the input, or give --crds"
    return Diagnostic("schema/unknown-custom-kind", Severity.NOTE, message, ref, "kind", manifest.locate("kind"), hint)


def _states(data: Object, path: str) -> bool:
    """Whether a manifest has a field, null or not."""
    value: object = data
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _mentioned(message: str) -> tuple[str, str]:
    """The field that an admission message is about, where it is one that users can act on, and how."""
    return next(((path, hint) for text, path, hint in MENTIONED if text in message), ("", ""))
