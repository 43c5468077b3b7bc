"""Pods that go on with an old configuration: what they read from ConfigMaps and Secrets that have changed, and how.

Upstream: pkg/kubelet (makeEnvironmentVariables reads once, when a container starts) and the volume plugins configmap, secret and projected, which
keep files up to date, except those that a subPath mounts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diff import cause_of

State = Mapping[Ref, Object]

ENV, FILES, FIXED = "env", "files", "fixed"
EVERY = frozenset({"*"})  # all keys of an object


@dataclass(frozen=True, slots=True)
class Stale:
    """The pods of `ref` that run on although `source` has changed.

    `env` keep the old values of `keys` until they restart; `files` see the new ones within about a minute; `fixed` have a file mounted by subPath, which
    is not updated. `deleted`: the source is gone, and the pods would not start again.
    """

    source: Ref
    ref: Ref
    keys: tuple[str, ...]
    env: int = 0
    files: int = 0
    fixed: int = 0
    deleted: bool = False

    @property
    def pods(self) -> int:
        """How many keep an old value."""
        return self.env + self.fixed


def stale_pods(before: State, after: State) -> Iterator[Stale]:
    """What goes on with old values, by source and then by workload."""
    sources = {r: _changed_keys(o, after.get(r)) for r, o in before.items() if r.kind in ("ConfigMap", "Secret") and not r.group and after.get(r) is not o}
    sources = {r: keys for r, keys in sources.items() if keys}
    if not sources:
        return
    spaces = {r.namespace for r in sources}
    kept = [(r, p) for r, p in after.items() if r.group_kind == "Pod" and r.namespace in spaces and _same(before.get(r), p)]
    found: dict[tuple[Ref, Ref], dict[str, int]] = {}
    read: dict[tuple[Ref, Ref], set[str]] = {}
    for ref, pod in kept:
        for source, ways in uses_of(pod).items():
            if source not in sources:
                continue
            hit = {way: _touched(keys, sources[source]) for way, keys in ways.items()}
            told = next((way for way in (ENV, FIXED, FILES) if hit.get(way)), None)
            if told is not None:
                pair = (source, cause_of(pod, after) or ref)
                counts = found.setdefault(pair, {ENV: 0, FILES: 0, FIXED: 0})
                counts[told] += 1
                read.setdefault(pair, set()).update(*(keys for keys in hit.values()))
    for (source, ref), counts in sorted(found.items()):
        keys = tuple(sorted(read[source, ref]))
        yield Stale(source, ref, keys, counts[ENV], counts[FILES], counts[FIXED], deleted=source not in after)


def _same(old: Object | None, new: Object) -> bool:
    """A pod that was there before, and runs."""
    phase = (new.get("status") or {}).get("phase")
    return old is not None and old["metadata"]["uid"] == new["metadata"]["uid"] and phase not in ("Succeeded", "Failed")


def _changed_keys(old: Object, new: Object | None) -> frozenset[str]:
    """The keys whose values differ or are gone or new; all of a deleted object."""

    def values(obj: Object) -> dict[str, str]:
        return {**(obj.get("data") or {}), **(obj.get("binaryData") or {})}

    before = values(old)
    if new is None:
        return frozenset(before)
    after = values(new)
    return frozenset(k for k in {*before, *after} if before.get(k) != after.get(k))


def _touched(keys: Collection[str], changed: Collection[str]) -> set[str]:
    return set(changed) if "*" in keys else set(keys) & set(changed)


def uses_of(pod: Object) -> dict[Ref, dict[str, set[str]]]:
    """What a pod reads: per ConfigMap or Secret the keys by way (`env`, `files`, `fixed`); `*` stands for all keys."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    found: dict[Ref, dict[str, set[str]]] = {}

    def note(kind: str, name: str | None, way: str, keys: Collection[str]) -> None:
        if name:
            found.setdefault(Ref("", kind, namespace, name), {}).setdefault(way, set()).update(keys)

    containers = [*(spec.get("initContainers") or ()), *spec["containers"], *(spec.get("ephemeralContainers") or ())]
    for container in containers:
        for source in container.get("envFrom") or ():
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                note(kind, (source.get(field) or {}).get("name"), ENV, EVERY)
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                held = source.get(field) or {}
                note(kind, held.get("name"), ENV, {held.get("key", "")})
    for volume in spec.get("volumes") or ():
        mounts = [m for c in containers for m in c.get("volumeMounts") or () if m.get("name") == volume["name"]]
        if not mounts:
            continue
        live = any(not (m.get("subPath") or m.get("subPathExpr")) for m in mounts)
        paths = {m["subPath"].split("/")[0] for m in mounts if m.get("subPath")}
        parts = (volume.get("projected") or {}).get("sources") or [volume]
        for part in parts:
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                held = part.get(field)
                if held is None:
                    continue
                keys = {i["path"].split("/")[0]: i["key"] for i in held.get("items") or ()}
                name = held.get("name") or held.get("secretName")
                if live:
                    note(kind, name, FILES, set(keys.values()) or EVERY)
                if paths:
                    note(kind, name, FIXED, {keys[p] for p in paths if p in keys} if keys else paths)
    return found
