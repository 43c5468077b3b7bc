"""The field that is responsible: from what a running cluster says of a pod to the line of the manifest that one would change.

The words are those of the scheduler (FitError), the kubelet (waiting reasons) and of admission (why a controller could not create pods).
Where no field is known, the object as a whole is to blame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kplan.api.objects import Object, group_kind_of
from kplan.api.quantity import Quantity, QuantityError, parse
from kplan.api.ref import Ref
from kplan.graph import TEMPLATES, pod_template

State = Mapping[Ref, Object]

_NODES = re.compile(r"(\d+) ((?:node\(s\)|Insufficient|Too many|cannot|persistentvolumeclaim)[^,.]*)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]+)")
_NOT_FOUND = re.compile(r'(configmap|secret|persistentvolumeclaim) "([^"]+)" not found')
_NO_KEY = re.compile(r"couldn't find key (\S+) in (ConfigMap|Secret) [^/\s]+/(\S+)")
_QUOTA = re.compile(r"exceeded quota: [^,]+, requested: ([\w./-]+)=")
_MUST_SPECIFY = re.compile(r"must specify ([\w./-]+) for: ([\w-]+)")
_LIMITS = re.compile(r"(?:minimum|maximum) ([\w./-]+) usage per (?:Container|Pod)|([\w./-]+) max limit to request ratio per")
_PART = re.compile(r'(?:container|containers|pod or container|pod or containers) "([^"]+)"[^)]*? must (?:not )?set (?:spec\.)?securityContext')
_INVALID = re.compile(r"is invalid: \[?(spec\.[\w.\[\]]+): ")
_NAMES = {"secret": "secretName", "persistentVolumeClaim": "claimName"}  # field of a volume -> its field with the name
_VOLUME_WORDS = ("unbound immediate PersistentVolumeClaims", "available persistent volumes to bind", "volume node affinity conflict", "volume limits")
_VOLUMES = (("configMap", "configmap", "name"), ("secret", "secret", "secretName"), ("persistentVolumeClaim", "persistentvolumeclaim", "claimName"))
_SCHEDULING: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("node affinity/selector", ("nodeSelector", "affinity.nodeAffinity")),
    ("anti-affinity rules", ("affinity.podAntiAffinity",)),
    ("pod affinity rules", ("affinity.podAffinity",)),
    ("topology spread constraints", ("topologySpreadConstraints",)),
    ("untolerated taint", ("tolerations",)),
    ("requested node name", ("nodeName",)),
    ("SchedulingGated", ("schedulingGates",)),
    ("resourceclaim", ("resourceClaims",)),
    ("error looking up service account", ("serviceAccountName",)),
    ("no PriorityClass with name", ("priorityClassName",)),
    ("RuntimeClass", ("runtimeClassName",)),
)


def blame(reason: str, obj: Object, state: State) -> str:
    """The path, in a manifest, of the field that `reason` is about; the empty path where none is. `state` says what exists."""
    template = pod_template(obj)
    spec = (template or {}).get("spec")
    if not isinstance(spec, dict):
        return ""
    path = ".".join((*TEMPLATES[group_kind_of(obj)], ""))
    invalid = _INVALID.search(reason)
    if invalid:
        return path + invalid.group(1)
    found = _in_spec(_decisive(reason), spec, obj, state)
    if found is None:
        return _outcome(template or {}, path)
    return found if found.startswith("spec.") else f"{path}spec.{found}"


def _in_spec(reason: str, spec: Object, obj: Object, state: State) -> str | None:
    """The path inside a pod spec; one that starts with `spec.` is the workload's own."""
    for look in (_amount, _missing, _security):
        found = look(reason, spec)
        if found:
            return found
    if "quota" in reason or "Too many pods" in reason:
        return "spec.replicas" if "replicas" in (obj.get("spec") or {}) else None
    if "free ports" in reason:
        return next((f"{where}.ports[{i}].hostPort" for where, c in _containers(spec) for i, p in enumerate(c.get("ports") or ()) if "hostPort" in p), None)
    for words, fields in _SCHEDULING:
        if words in reason:
            return next((f for f in fields if _has(spec, f)), None)
    if any(words in reason for words in _VOLUME_WORDS):
        return _claim(spec, obj, state)
    if "waiting for its volumes" in reason:
        return _absent_volume(spec, obj, state)
    return None


def _decisive(reason: str) -> str:
    """Of the reasons that keep a pod off nodes, the one that most nodes give; another text whole."""
    said, _, _ = reason.partition(". preemption:")
    counted = [(int(n), -i, words) for i, (n, words) in enumerate(_NODES.findall(said))]
    return max(counted)[2] if counted else reason


def _amount(reason: str, spec: Object) -> str | None:
    """Requests that are too big for a node, a quota or a limit range, at the container that asks for most."""
    specified = _MUST_SPECIFY.search(reason)
    if specified:
        return next((f"{where}.resources" for where, c in _containers(spec) if c.get("name") == specified.group(2)), None)
    insufficient, quota, limit = _INSUFFICIENT.search(reason), _QUOTA.search(reason), _LIMITS.search(reason)
    asked = insufficient.group(1) if insufficient else quota.group(1) if quota else next(filter(None, limit.groups())) if limit else ""
    sort, _, name = asked.rpartition(".") if asked.startswith(("requests.", "limits.")) else ("requests", "", asked)
    if not name or name == "pods" or name.startswith("count/"):
        return None
    best: tuple[Quantity, str] | None = None
    for where, container in _containers(spec):
        resources = container.get("resources") or {}
        for which in (sort, "limits"):
            amounts = resources.get(which)
            if isinstance(amounts, dict) and name in amounts:
                value = _number(amounts[name])
                if best is None or best[0] < value:
                    best = (value, f"{where}.resources.{which}.{name}" if "." not in name else f"{where}.resources.{which}[{name}]")
                break
    return best[1] if best else None


def _number(amount: Any) -> Quantity:
    try:
        return parse(str(amount))
    except QuantityError:
        return Quantity(0)


def _missing(reason: str, spec: Object) -> str | None:
    """ConfigMaps, Secrets, their keys and claims that are named and are not there."""
    no_key, not_found = _NO_KEY.search(reason), _NOT_FOUND.search(reason)
    if no_key is not None:
        key, kind, name = no_key.groups()
        return next((p + ".key" for p, k, n, found in _sources(spec) if (k, n, found) == (kind.lower(), name, key)), None)
    if not_found is not None:
        return next((_name_path(p) for p, k, n, _ in _sources(spec) if (k, n) == not_found.groups()), None)
    return None


def _name_path(path: str) -> str:
    """Where the name stands: only plain volumes of Secrets and claims have a word of their own for it."""
    field = path.rpartition(".")[2]
    return f"{path}.{_NAMES.get(field, 'name') if '.projected.' not in path else 'name'}"


def _sources(spec: Object) -> Iterator[tuple[str, str, str, str]]:
    """(path, kind, name, key) of everything that a pod spec reads from."""
    for where, container in _containers(spec):
        for i, variable in enumerate(container.get("env") or ()):
            for field, kind in (("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")):
                ref = (variable.get("valueFrom") or {}).get(field)
                if ref:
                    yield f"{where}.env[{i}].valueFrom.{field}", kind, ref.get("name", ""), ref.get("key", "")
        for i, source in enumerate(container.get("envFrom") or ()):
            for field, kind in (("configMapRef", "configmap"), ("secretRef", "secret")):
                if source.get(field):
                    yield f"{where}.envFrom[{i}].{field}", kind, source[field].get("name", ""), ""
    for i, volume in enumerate(spec.get("volumes") or ()):
        for field, kind, name in _VOLUMES:
            if volume.get(field):
                yield f"volumes[{i}].{field}", kind, volume[field].get(name, ""), ""
                for j, item in enumerate(volume[field].get("items") or ()):
                    yield f"volumes[{i}].{field}.items[{j}]", kind, volume[field].get(name, ""), item.get("key", "")
        for j, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            for field, kind in (("configMap", "configmap"), ("secret", "secret")):
                if source.get(field):
                    at = f"volumes[{i}].projected.sources[{j}].{field}"
                    yield at, kind, source[field].get("name", ""), ""
                    for k, item in enumerate(source[field].get("items") or ()):
                        yield f"{at}.items[{k}]", kind, source[field].get("name", ""), item.get("key", "")


def _security(reason: str, spec: Object) -> str | None:
    """What the pod security standard refuses: the container that it names first, or the pod."""
    if ' PodSecurity "' not in reason:
        return None
    part = _PART.search(reason)
    for where, container in _containers(spec):
        if part is not None and container.get("name") == part.group(1):
            return f"{where}.securityContext"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if field.removeprefix("host").lower() in reason.lower() and spec.get(field):
            return field
    return "securityContext"


def _claim(spec: Object, obj: Object, state: State) -> str | None:
    """The claim that is not bound, else the first."""
    claims = [(p, name) for p, kind, name, _ in _sources(spec) if kind == "persistentvolumeclaim"]
    namespace = _namespace(obj)
    for path, name in claims:
        live = state.get(Ref("", "PersistentVolumeClaim", namespace, name))
        if live is None or (live.get("status") or {}).get("phase") != "Bound":
            return path + ".claimName"
    if (obj.get("spec") or {}).get("volumeClaimTemplates"):
        return "spec.volumeClaimTemplates[0]"
    return claims[0][0] + ".claimName" if claims else None


def _absent_volume(spec: Object, obj: Object, state: State) -> str | None:
    kinds = {"configmap": "ConfigMap", "secret": "Secret"}
    for path, kind, name, _ in _sources(spec):
        if path.startswith("volumes[") and kind in kinds and Ref("", kinds[kind], _namespace(obj), name) not in state:
            return _name_path(path)
    return None


def _namespace(obj: Object) -> str:
    return (obj.get("metadata") or {}).get("namespace") or "default"


def _containers(spec: Object) -> Iterator[tuple[str, Object]]:
    for field in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(field) or ()):
            yield f"{field}[{i}]", container


def _has(spec: Object, path: str) -> bool:
    value: Any = spec
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return bool(value)


def _outcome(template: Object, path: str) -> str:
    """The annotation that makes a simulated pod fail."""
    notes = (template.get("metadata") or {}).get("annotations") or {}
    return f"{path}metadata.annotations[kplan.dev/outcome]" if "kplan.dev/outcome" in notes else ""


__all__ = ["State", "blame"]
