"""What a pod must find before its containers can start: ConfigMaps, Secrets and keys in them.

Upstream: pkg/kubelet (volume manager and MakeEnvironmentVariables), for what can be missing; the words are the kubelet's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kplan.api.objects import Object

Get = Callable[[str, str, str], Object | None]  # the object of a kind, a namespace and a name
KINDS = {"configmap": "ConfigMap", "secret": "Secret"}


def missing_volume(pod: Object, get: Get) -> str:
    """Why a volume of the pod cannot be made yet; empty where all can."""
    namespace = pod["metadata"]["namespace"]
    return next(filter(None, (_missing(get, namespace, kind, name, keys) for kind, name, keys in _volumes(pod["spec"]))), "")


def missing_env(container: Object, namespace: str, get: Get) -> str:
    """Why the environment of a container cannot be made; empty where it can."""
    for source in container.get("envFrom") or ():
        for field, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
            ref = source.get(field)
            if ref and not ref.get("optional"):
                why = _missing(get, namespace, kind, ref.get("name", ""), ())
                if why:
                    return why
    for variable in container.get("env") or ():
        value = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")):
            ref = value.get(field)
            if ref and not ref.get("optional"):
                why = _missing(get, namespace, kind, ref.get("name", ""), (ref["key"],))
                if why:
                    return why
    return ""


def _volumes(spec: Object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(kind, name, keys) of all that the pod's volumes need."""
    for volume in spec.get("volumes") or ():
        config, secret = volume.get("configMap"), volume.get("secret")
        if config and not config.get("optional"):
            yield "configmap", config.get("name", ""), tuple(i["key"] for i in config.get("items") or ())
        if secret and not secret.get("optional"):
            yield "secret", secret.get("secretName", ""), tuple(i["key"] for i in secret.get("items") or ())
        for source in (volume.get("projected") or {}).get("sources") or ():
            for field, kind in (("configMap", "configmap"), ("secret", "secret")):
                ref = source.get(field)
                if ref and not ref.get("optional"):
                    yield kind, ref.get("name", ""), tuple(i["key"] for i in ref.get("items") or ())


def _missing(get: Get, namespace: str, kind: str, name: str, keys: tuple[str, ...]) -> str:
    found = get(KINDS[kind], namespace, name)
    if found is None:
        return f'{kind} "{name}" not found'
    data = {**(found.get("data") or {}), **(found.get("binaryData") or {})}
    for key in keys:
        if key not in data:
            return f"couldn't find key {key} in {KINDS[kind]} {namespace}/{name}"
    return ""
