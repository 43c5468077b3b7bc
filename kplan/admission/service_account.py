"""ServiceAccount: each pod has one, gets its pull secrets and the volume with its token.

Upstream: plugin/pkg/admission/serviceaccount. The random end of `kube-api-access-xxxxx` is a hash of the pod's spec here, so
that all pods of one template have the same volumes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api.objects import Object, annotations_of, name_of
from kplan.api.reader import Reader

DEFAULT = "default"
MIRROR = "kubernetes.io/config.mirror"
ENFORCE_MOUNTABLE = "kubernetes.io/enforce-mountable-secrets"
VOLUME_PREFIX = "kube-api-access-"
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_CONTAINERS = (("init container", "initContainers"), ("container", "containers"))


class ServiceAccount(Plugin):
    """Pods run as a service account that exists."""

    name = "ServiceAccount"
    kinds = frozenset({"Pod"})

    def admit(self, request: Request, reader: Reader) -> None:
        """Fill in the account, its pull secrets and its token; mirror pods stay as they are."""
        pod = request.object
        if request.operation != "CREATE" or not self._concerns(request) or pod is None:
            return
        if MIRROR not in annotations_of(pod):
            spec = pod["spec"]
            if not spec.get("serviceAccountName"):
                spec["serviceAccountName"] = spec["serviceAccount"] = DEFAULT
            account = _account(request, reader)
            if _automounts(account, spec):
                mount_token(spec)
            if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
                spec["imagePullSecrets"] = [{"name": s["name"]} if s.get("name") else {} for s in account["imagePullSecrets"]]
        self.validate(request, reader)

    def validate(self, request: Request, reader: Reader) -> None:
        """The account must exist, and may limit which secrets pods use."""
        pod = request.object
        if not self._concerns(request) or pod is None:
            return
        if request.operation == "UPDATE" and request.subresource == "ephemeralcontainers":
            account = _account(request, reader)
            if _enforces(account):
                _refuse(request, _foreign_in(pod["spec"], account, (("ephemeral container", "ephemeralContainers"),)))
            return
        if request.operation != "CREATE":
            return
        if MIRROR in annotations_of(pod):
            _check_mirror(request, pod["spec"])
            return
        account = _account(request, reader)
        if _enforces(account):
            _refuse(request, _foreign_secrets(pod["spec"], account))

    def _concerns(self, request: Request) -> bool:
        return request.kind.group_kind in self.kinds and request.subresource in ("", "ephemeralcontainers")


def _account(request: Request, reader: Reader) -> Object:
    pod: Object = request.object or {}
    name = pod["spec"].get("serviceAccountName")
    if not name:
        raise forbidden(request, f"no service account specified for pod {request.namespace}/{name_of(pod)}")
    account = reader.get("ServiceAccount", request.namespace, name)
    if account is None:
        raise forbidden(request, f'error looking up service account {request.namespace}/{name}: serviceaccount "{name}" not found')
    return account


def _automounts(account: Object, spec: Object) -> bool:
    for source in (spec, account):
        if source.get("automountServiceAccountToken") is not None:
            return bool(source["automountServiceAccountToken"])
    return True


def _enforces(account: Object) -> bool:
    return annotations_of(account).get(ENFORCE_MOUNTABLE) in _TRUE


def _refuse(request: Request, reasons: Iterator[str]) -> None:
    for reason in reasons:
        raise forbidden(request, reason)


def mount_token(spec: Object) -> None:
    """Add the token's volume to a pod spec, and mounts of it wherever nothing is mounted at its place."""
    name = next((v["name"] for v in spec.get("volumes") or () if v["name"].startswith(VOLUME_PREFIX)), "")
    exists = bool(name)
    lacking = [
        container
        for key in ("initContainers", "containers")
        for container in spec.get(key) or ()
        if all(m.get("mountPath") != MOUNT_PATH for m in container.get("volumeMounts") or ())
    ]
    if not lacking:
        return
    if not exists:
        name = VOLUME_PREFIX + _suffix(spec)
    for container in lacking:
        container.setdefault("volumeMounts", []).append({"name": name, "readOnly": True, "mountPath": MOUNT_PATH})
    if not exists:
        spec.setdefault("volumes", []).append({"name": name, "projected": _token_source()})


def _suffix(spec: Object) -> str:
    """Five characters of the alphabet of generated names."""
    number = zlib.crc32(json.dumps(spec, sort_keys=True).encode())
    letters = []
    for _ in range(5):
        number, digit = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[digit])
    return "".join(letters)


def _token_source() -> Object:
    return {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ],
    }


def _foreign_secrets(spec: Object, account: Object) -> Iterator[str]:
    """Secrets that the account does not list.   Upstream: limitSecretReferences."""
    known = {s.get("name") or "" for s in account.get("secrets") or ()}
    for volume in spec.get("volumes") or ():
        name = (volume.get("secret") or {}).get("secretName") or ""
        if "secret" in volume and name not in known:
            yield (
                f'volume with secret.secretName="{name}" is not allowed because '
                f"service account {name_of(account)} does not reference that secret"
            )
    yield from _foreign_in(spec, account, _CONTAINERS)
    pull = {s.get("name") or "" for s in account.get("imagePullSecrets") or ()}
    for index, reference in enumerate(spec.get("imagePullSecrets") or ()):
        name = reference.get("name") or ""
        if name not in pull:
            yield (
                f'imagePullSecrets[{index}].name="{name}" is not allowed because '
                f"service account {name_of(account)} does not reference that imagePullSecret"
            )


def _foreign_in(spec: Object, account: Object, groups: tuple[tuple[str, str], ...]) -> Iterator[str]:
    known = {s.get("name") or "" for s in account.get("secrets") or ()}
    because = f"is not allowed because service account {name_of(account)} does not reference that secret"
    for what, key in groups:
        for container in spec.get(key) or ():
            for env in container.get("env") or ():
                reference = (env.get("valueFrom") or {}).get("secretKeyRef")
                if reference is not None and (reference.get("name") or "") not in known:
                    name = reference.get("name") or ""
                    yield f'{what} {container["name"]} with envVar {env["name"]} referencing secret.secretName="{name}" {because}'
            for source in container.get("envFrom") or ():
                reference = source.get("secretRef")
                if reference is not None and (reference.get("name") or "") not in known:
                    yield f'{what} {container["name"]} with envFrom referencing secret.secretName="{reference.get("name") or ""}" {because}'


def _check_mirror(request: Request, spec: Object) -> None:
    if spec.get("serviceAccountName"):
        raise forbidden(request, "a mirror pod may not reference service accounts")
    if _uses_secrets(spec):
        raise forbidden(request, "a mirror pod may not reference secrets")
    for volume in spec.get("volumes") or ():
        if any("serviceAccountToken" in source for source in (volume.get("projected") or {}).get("sources") or ()):
            raise forbidden(request, "a mirror pod may not use ServiceAccountToken volume projections")


def _uses_secrets(spec: Object) -> bool:
    """Whether a pod names any secret.   Upstream: VisitPodSecretNames."""
    if spec.get("imagePullSecrets"):
        return True
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(key) or ():
            if any("secretRef" in source for source in container.get("envFrom") or ()):
                return True
            if any("secretKeyRef" in (env.get("valueFrom") or {}) for env in container.get("env") or ()):
                return True
    return any(_volume_uses_secret(volume) for volume in spec.get("volumes") or ())


def _volume_uses_secret(volume: dict[str, Any]) -> bool:
    if "secret" in volume:
        return True
    if (volume.get("azureFile") or {}).get("secretName"):
        return True
    if "nodePublishSecretRef" in (volume.get("csi") or {}):
        return True
    if any("secret" in source for source in (volume.get("projected") or {}).get("sources") or ()):
        return True
    return any("secretRef" in (volume.get(key) or {}) for key in ("cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"))
