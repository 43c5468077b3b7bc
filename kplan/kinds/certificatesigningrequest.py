"""CertificateSigningRequest.

Upstream: pkg/apis/certificates/validation/validation.go, pkg/registry/certificates/certificates/strategy.go. Left out: what is inside the
PEM block of a request or certificate (ASN.1 and the signature are not read), the approval subresource, and the times that the server gives to
conditions without one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kplan.api.field import FieldErrors, duplicate, forbidden, invalid, not_supported, required
from kplan.api.gotext import go_quote
from kplan.api.objects import Object
from kplan.kinds.checks import same, typed
from kplan.kinds.internalform import as_sent, difference
from kplan.kinds.kind import Kind
from kplan.kinds.metadata import validate_object_meta
from kplan.kinds.signername import validate_signer_name
from kplan.kinds.strategy import keep_all_but_status, keep_status

LEGACY_SIGNER = "kubernetes.io/legacy-unknown"
USAGES = (
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
)
_APPROVAL = ("Approved", "Denied")
_ONLY_TRUE = (*_APPROVAL, "Failed")
_PEM = re.compile(rb"-----BEGIN ([^-\n]+)-----\r?\n((?:[^\n]+: [^\n]*\n)+\r?\n)?([A-Za-z0-9+/=\s]*)-----END \1-----")


@dataclass(frozen=True, slots=True)
class Tolerated:
    """What an update may keep because the stored request has it.   Upstream: certificateValidationOptions."""

    approved_and_denied: bool = False
    legacy_signer: bool = False
    duplicate_conditions: bool = False
    empty_condition: bool = False
    any_certificate: bool = False
    duplicate_usages: bool = False
    unknown_usages: bool = False


NOTHING = Tolerated()


def prepare(request: Object) -> None:
    """Nobody approves with the creation, nor says who asks."""
    request["status"] = {}
    for field in ("username", "uid", "groups", "extra"):
        request["spec"].pop(field, None)


def prepare_for_user(request: Object, name: str, groups: tuple[str, ...]) -> None:
    """Who asks stands in the request."""
    request["spec"]["username"] = name
    if groups:
        request["spec"]["groups"] = list(groups)


def prepare_update(new: Object, old: Object) -> None:
    """Requests are immutable but for their metadata."""
    new["spec"] = old["spec"]
    keep_status(new, old)


def prepare_status(new: Object, old: Object) -> None:
    """The status may not touch approvals: as many of them as there were stay what they were."""
    keep_all_but_status(new, old)
    conditions, held = _conditions(new), _conditions(old)
    for kind in _APPROVAL:
        places = [i for i, c in enumerate(conditions) if c.get("type") == kind]
        stored = [c for c in held if c.get("type") == kind]
        if len(places) == len(stored):
            for place, condition in zip(places, stored, strict=True):
                conditions[place] = condition


def _conditions(request: Object) -> list[Object]:
    return (request.get("status") or {}).get("conditions") or []


def _of_type(request: Object, kind: str) -> list[Object]:
    return [c for c in _conditions(request) if (c.get("type") or "") == kind]


def validate(request: Object) -> FieldErrors:
    """Upstream: ValidateCertificateSigningRequestCreate."""
    return _validate(request, NOTHING)


def _any_name(_name: str, _prefix: bool) -> list[str]:
    return []


def _validate(request: Object, tolerated: Tolerated) -> FieldErrors:
    spec = request["spec"]
    yield from validate_object_meta(request["metadata"], False, _any_name)
    blocks = list(_blocks(spec.get("request") or ""))
    if not blocks or blocks[0][0] != "CERTIFICATE REQUEST":
        yield invalid("spec.request", typed(spec.get("request")), "PEM block type must be CERTIFICATE REQUEST")
    usages = spec.get("usages") or []
    if not usages:
        yield required("spec.usages")
    if not tolerated.unknown_usages:
        for index, usage in enumerate(usages):
            if usage not in USAGES:
                yield not_supported(f"spec.usages[{index}]", typed(usage), USAGES)
    if not tolerated.duplicate_usages:
        for index, usage in enumerate(usages):
            if usage in usages[:index]:
                yield duplicate(f"spec.usages[{index}]", typed(usage))
    signer = spec.get("signerName") or ""
    if signer == LEGACY_SIGNER and not tolerated.legacy_signer:
        yield invalid("spec.signerName", signer, "the legacy signerName is not allowed via this API version")
    else:
        yield from validate_signer_name(signer, "spec.signerName")
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < 600:
        yield invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 600 seconds (10 minutes)")
    yield from _validate_conditions(_conditions(request), tolerated)
    if not tolerated.any_certificate:
        yield from _validate_certificate((request.get("status") or {}).get("certificate") or "")


def _validate_conditions(conditions: list[Object], tolerated: Tolerated) -> FieldErrors:
    seen: set[str] = set()
    for index, condition in enumerate(conditions):
        kind, state, path = condition.get("type") or "", condition.get("status") or "", f"status.conditions[{index}]"
        if not kind and not tolerated.empty_condition:
            yield required(f"{path}.type")
        allowed = ("True",) if kind in _ONLY_TRUE else ("False", "True", "Unknown")
        if not state:
            yield required(f"{path}.status")
        elif state not in allowed:
            yield not_supported(f"{path}.status", typed(state), allowed)
        if kind in _APPROVAL and not tolerated.approved_and_denied and (seen | {kind}).issuperset(_APPROVAL):
            yield invalid("status.conditions", typed(kind), "Approved and Denied conditions are mutually exclusive")
        if kind in seen and not tolerated.duplicate_conditions:
            yield duplicate(f"{path}.type", typed(kind))
        seen.add(kind)


def _blocks(encoded: str) -> Iterator[tuple[str, bool]]:
    """The PEM blocks of base64 data: type, and whether they have headers."""
    for block in _PEM.finditer(base64.b64decode(encoded)):
        yield block[1].decode(errors="replace"), block[2] is not None


def _validate_certificate(encoded: str) -> FieldErrors:
    if not encoded:
        return
    blocks = list(_blocks(encoded))
    if not blocks:
        yield invalid("status.certificate", "<certificate data>", "must contain at least one CERTIFICATE PEM block")
    for kind, headers in blocks:
        if kind != "CERTIFICATE":
            yield invalid("status.certificate", "<certificate data>", f"only CERTIFICATE PEM blocks are allowed, found {go_quote(kind)}")
            return
        if headers:
            yield invalid("status.certificate", "<certificate data>", "no PEM block headers are permitted")
            return


def validate_update(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateCertificateSigningRequestUpdate."""
    return _validate_update(new, old, allow_certificate=False)


def validate_status(new: Object, old: Object) -> FieldErrors:
    """Upstream: ValidateCertificateSigningRequestStatusUpdate."""
    return _validate_update(new, old, allow_certificate=True)


def _validate_update(new: Object, old: Object, *, allow_certificate: bool) -> FieldErrors:
    certificate, held = ((o.get("status") or {}).get("certificate") or "" for o in (new, old))
    yield from _validate(new, _tolerated(old, certificate == held))
    for kind in _ONLY_TRUE:
        if len(_of_type(new, kind)) < len(_of_type(old, kind)):
            yield forbidden("status.conditions", f"updates may not remove a condition of type {go_quote(kind)}")
    for kind in _APPROVAL:
        conditions, stored = _of_type(new, kind), _of_type(old, kind)
        if len(conditions) > len(stored):
            yield forbidden("status.conditions", f"updates may not add a condition of type {go_quote(kind)}")
        elif len(conditions) == len(stored) and not same(conditions, stored):
            shown = difference([_printed(c) for c in stored], [_printed(c) for c in conditions])
            yield forbidden("status.conditions", f"updates may not modify a condition of type {go_quote(kind)}\n{shown}")
    if certificate != held:
        if not allow_certificate:
            yield forbidden("status.certificate", "updates may not set certificate content")
        elif held:
            yield forbidden("status.certificate", "updates may not modify existing certificate content")


def _printed(condition: Object) -> Object:
    names = ("type", "status", "reason", "message", "lastUpdateTime", "lastTransitionTime")
    values = {name[0].upper() + name[1:]: condition.get(name) or (None if name.endswith("Time") else "") for name in names}
    printed: Object = as_sent(values)
    return printed


def _tolerated(old: Object, same_certificate: bool) -> Tolerated:
    kinds = [c.get("type") or "" for c in _conditions(old)]
    usages = old["spec"].get("usages") or []
    certificate = (old.get("status") or {}).get("certificate") or ""
    return Tolerated(
        approved_and_denied=set(_APPROVAL) <= set(kinds),
        legacy_signer=old["spec"].get("signerName") == LEGACY_SIGNER,
        duplicate_conditions=len(set(kinds)) < len(kinds),
        empty_condition="" in kinds,
        any_certificate=same_certificate or any(True for _ in _validate_certificate(certificate)),
        duplicate_usages=len(set(usages)) < len(usages),
        unknown_usages=any(usage not in USAGES for usage in usages),
    )


KIND = Kind(
    group="certificates.k8s.io",
    version="v1",
    kind="CertificateSigningRequest",
    plural="certificatesigningrequests",
    namespaced=False,
    short_names=("csr",),
    status=True,
    prepare=prepare,
    prepare_for_user=prepare_for_user,
    prepare_update=prepare_update,
    prepare_status=prepare_status,
    validate=validate,
    validate_update=validate_update,
    validate_status=validate_status,
)
