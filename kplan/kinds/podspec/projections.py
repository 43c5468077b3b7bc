"""Projected volumes: several sources in one directory.

Upstream: validateProjectionSources in pkg/apis/core/validation/validation.go and the names of trust bundles in
names.go beside it. Trust bundles and certificates need gates that are off by default, so that only a pod that has them already gets here.
"""

from __future__ import annotations

from collections.abc import Mapping

from kplan.api import names
from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required, too_long
from kplan.api.objects import Object
from kplan.kinds.checks import label_selector
from kplan.kinds.internalform import internal
from kplan.kinds.labelselector import validate_label_selector
from kplan.kinds.podspec.fieldrefs import validate_downward_api_volume_file
from kplan.kinds.podspec.options import PodValidationOptions
from kplan.kinds.podspec.values import validate_file_mode, validate_local_non_reserved_path
from kplan.kinds.signername import validate_signer_name

KEY_TYPES = ("RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519")
CERTIFICATE_PATHS = ("credentialBundlePath", "keyPath", "certificateChainPath")
HOUR = 3600
LONGEST, LONGEST_OF_KUBERNETES = 91 * 24 * HOUR, 24 * HOUR
MAX_ANNOTATIONS = 256 * 1024


def validate_key_to_path(item: Object, path: str) -> FieldErrors:
    """One entry of a ConfigMap or Secret and where it goes."""
    target = item.get("path", "")
    if not item.get("key"):
        yield required(f"{path}.key")
    if not target:
        yield required(f"{path}.path")
    yield from validate_local_non_reserved_path(target, f"{path}.path")
    yield from validate_file_mode(item.get("mode"), f"{path}.mode")


def _projection_files(source: Object, name: str, base: str, path: str, seen: set[str]) -> FieldErrors:
    if not source.get("name"):
        yield required(f"{path}.name")
    for i, item in enumerate(source.get("items") or ()):
        yield from validate_key_to_path(item, f"{path}.items[{i}]")
        yield from _unique(item.get("path", ""), name, base, seen)


def _unique(target: str, shown: str, base: str, seen: set[str]) -> FieldErrors:
    if target:
        if target in seen:
            yield invalid(base, shown, "conflicting duplicate paths")
        seen.add(target)


def validate_projected_volume_source(projected: Object, path: str, options: PodValidationOptions) -> FieldErrors:
    """Several sources in one directory."""
    yield from validate_file_mode(projected.get("defaultMode"), f"{path}.defaultMode")
    seen: set[str] = set()
    for i, source in enumerate(projected.get("sources") or ()):
        source_path = f"{path}.sources[{i}]"
        for kind in ("secret", "configMap"):
            if (files := source.get(kind)) is not None:
                yield from _projection_files(files, files.get("name", ""), path, f"{source_path}.{kind}", seen)
        if (downward := source.get("downwardAPI")) is not None:
            for file in downward.get("items") or ():
                yield from validate_downward_api_volume_file(file, f"{source_path}.downwardAPI")
                yield from _unique(file.get("path", ""), file.get("path", ""), path, seen)
        if (token := source.get("serviceAccountToken")) is not None:
            yield from _validate_token(token, path, f"{source_path}.serviceAccountToken", options)
        if (bundle := source.get("clusterTrustBundle")) is not None:
            yield from _validate_trust_bundle(bundle, path, f"{source_path}.clusterTrustBundle", seen)
        if (certificate := source.get("podCertificate")) is not None:
            yield from _validate_certificate(certificate, path, f"{source_path}.podCertificate", seen)
        if sum(value is not None for value in source.values()) > 1:
            yield forbidden(source_path, "may not specify more than 1 volume type per source")


def _validate_token(token: Object, base: str, path: str, options: PodValidationOptions) -> FieldErrors:
    seconds = token.get("expirationSeconds") or 0
    if seconds < 600:
        yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > 2**32:
        yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    if not token.get("path"):
        yield required(f"{base}.path")
    elif not options.allow_non_local_projected_token_path:
        yield from validate_local_non_reserved_path(token["path"], f"{base}.path")


def _trust_bundle_name_problems(name: str) -> list[str]:
    signer, colon, rest = name.rpartition(":")
    if not colon:
        return names.name_is_dns_subdomain(name, False)
    if not signer:
        return ['ClusterTrustBundle without signer name must not have ":" in its name']
    return names.name_is_dns_subdomain(rest, False)


def _validate_trust_bundle(bundle: Object, base: str, path: str, seen: set[str]) -> FieldErrors:
    name, signer, selector, target = bundle.get("name"), bundle.get("signerName"), bundle.get("labelSelector"), bundle.get("path", "")
    if name is not None and signer is not None:
        yield invalid(path, internal("ClusterTrustBundleProjection", bundle), "only one of name and signerName may be used")
    elif name is not None:
        if not name:
            yield required(f"{path}.name", "must be a valid object name")
        for message in _trust_bundle_name_problems(name):
            yield invalid(f"{path}.name", name, f"not a valid clustertrustbundlename: {message}")
        if selector is not None:
            yield invalid(f"{path}.labelSelector", label_selector(selector), "labelSelector must be unset if name is specified")
    elif signer is not None:
        if not signer:
            yield required(f"{path}.signerName", "must be a valid signer name")
        yield from validate_signer_name(signer, f"{path}.signerName")
        yield from validate_label_selector(selector, f"{path}.labelSelector")
    else:
        yield required(path, "either name or signerName must be specified")
    if not target:
        yield required(f"{path}.path")
    yield from validate_local_non_reserved_path(target, f"{path}.path")
    if target in seen:
        yield invalid(base, target, "conflicting duplicate paths")
    seen.add(target)


def _validate_user_annotations(annotations: Mapping[str, str], path: str) -> FieldErrors:
    for key in sorted(annotations):
        yield from names.is_domain_prefixed_key(path, key.lower())
    if sum(len(k.encode()) + len(v.encode()) for k, v in annotations.items()) > MAX_ANNOTATIONS:
        yield too_long(path, MAX_ANNOTATIONS)


def _validate_certificate(certificate: Object, base: str, path: str, seen: set[str]) -> FieldErrors:
    signer, key_type, seconds = certificate.get("signerName", ""), certificate.get("keyType", ""), certificate.get("maxExpirationSeconds")
    yield from validate_signer_name(signer, f"{path}.signerName")
    yield from _validate_user_annotations(certificate.get("userAnnotations") or {}, f"{path}.userAnnotations")
    if key_type not in KEY_TYPES:
        yield not_supported(f"{path}.keyType", key_type, KEY_TYPES)
    if seconds is not None:
        host = signer.partition("/")[0]
        longest = LONGEST_OF_KUBERNETES if host == "kubernetes.io" or host.endswith(".kubernetes.io") else LONGEST
        if seconds < HOUR:
            yield invalid(f"{path}.maxExpirationSeconds", seconds, "if provided, maxExpirationSeconds must be >= 3600")
        if seconds > longest:
            yield invalid(f"{path}.maxExpirationSeconds", seconds, f"if provided, maxExpirationSeconds must be <= {longest}")
    for field in CERTIFICATE_PATHS:
        if target := certificate.get(field):
            yield from validate_local_non_reserved_path(target, f"{path}.{field}")
            yield from _unique(target, target, base, seen)
    if not any(certificate.get(field) for field in CERTIFICATE_PATHS):
        yield required(path, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath")
