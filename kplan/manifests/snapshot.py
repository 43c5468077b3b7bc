"""A read-only dump of a live cluster, by kubectl: what `--state` reads.

One `kubectl get` a kind; nothing else is ever asked of the cluster. Values of Secrets are replaced unless they are wanted: their keys stay, and the last
applied manifest that kubectl keeps in an annotation is treated likewise.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from shutil import which
from typing import Any, TextIO

from kplan.api.objects import LAST_APPLIED, Object

KINDS = (
    *("nodes", "namespaces", "customresourcedefinitions.apiextensions.k8s.io", "priorityclasses.scheduling.k8s.io", "runtimeclasses.node.k8s.io"),
    *("storageclasses.storage.k8s.io", "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "csistoragecapacities.storage.k8s.io"),
    *("volumeattributesclasses.storage.k8s.io", "persistentvolumes", "persistentvolumeclaims", "ingressclasses.networking.k8s.io"),
    *("deviceclasses.resource.k8s.io", "resourceslices.resource.k8s.io", "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io"),
    *("clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io"),
    *("rolebindings.rbac.authorization.k8s.io", "validatingadmissionpolicies.admissionregistration.k8s.io"),
    *("validatingadmissionpolicybindings.admissionregistration.k8s.io", "mutatingadmissionpolicies.admissionregistration.k8s.io"),
    *("mutatingadmissionpolicybindings.admissionregistration.k8s.io", "resourcequotas", "limitranges", "serviceaccounts", "configmaps", "secrets"),
    *("services", "endpoints", "endpointslices.discovery.k8s.io", "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io"),
    *("poddisruptionbudgets.policy", "horizontalpodautoscalers.autoscaling", "deployments.apps", "replicasets.apps", "statefulsets.apps"),
    *("daemonsets.apps", "controllerrevisions.apps", "replicationcontrollers", "podtemplates", "jobs.batch", "cronjobs.batch", "pods"),
)
MASKED = base64.b64encode(b"(masked by kplan snapshot)").decode()
OPENING = '{"apiVersion":"v1","kind":"List","items":[\n'  # written with the first object: a cluster that cannot be read leaves nothing behind
TIME_LIMIT = 600
ABSENT = ("the server doesn't have a resource type", "could not find the requested resource")


class SnapshotError(RuntimeError):
    """kubectl is not there, or cannot read the cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to read: `kinds` besides the usual ones, one namespace or all, Secrets with their values or not; `connection` are options of kubectl."""

    kinds: tuple[str, ...] = ()
    namespace: str = ""
    secrets: bool = False
    connection: tuple[str, ...] = ()


@dataclass(slots=True)
class Taken:
    """What came of it: objects by kind, kinds that the cluster does not serve, kinds that may not be read."""

    objects: int = 0
    masked: int = 0
    absent: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


def take(wanted: Wanted, out: TextIO, progress: Callable[[str], None] = lambda _: None) -> Taken:
    """Write a List, an object a line. Raises SnapshotError where the cluster cannot be read at all."""
    kubectl = which("kubectl")
    if kubectl is None:
        raise SnapshotError("kubectl is not installed")
    taken = Taken()
    for kind in dict.fromkeys((*KINDS, *wanted.kinds)):
        progress(f"reading {kind}")
        for obj in _read(kubectl, kind, wanted, taken):
            if obj.get("kind") == "Secret" and not wanted.secrets:
                obj = masked(obj)
                taken.masked += 1
            out.write((",\n" if taken.objects else OPENING) + json.dumps(obj, ensure_ascii=False, separators=(",", ":")))
            taken.objects += 1
    out.write(("" if taken.objects else OPENING) + "\n]}\n")
    return taken


def _read(kubectl: str, kind: str, wanted: Wanted, taken: Taken) -> Iterator[Object]:
    place = ("-n", wanted.namespace) if wanted.namespace else ("--all-namespaces",)
    command = [kubectl, *wanted.connection, "get", kind, *place, "-o", "json", "--show-managed-fields", "--ignore-not-found"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise SnapshotError(f"kubectl get {kind} took more than {TIME_LIMIT} s") from None
    except OSError as error:
        raise SnapshotError(f"kubectl cannot be run: {error.strerror or error}") from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        if any(words in said for words in ABSENT):
            taken.absent = (*taken.absent, kind)
        elif "(Forbidden)" in said:
            taken.forbidden = (*taken.forbidden, kind)
        else:
            raise SnapshotError(f"kubectl get {kind} failed: {said or f'exit code {done.returncode}'}")
        return
    if done.stdout.strip():
        yield from _items(json.loads(done.stdout))


def _items(found: Any) -> Sequence[Object]:
    items: Sequence[Object] = found.get("items", [found])
    return items


def masked(secret: Object) -> Object:
    """A Secret with its keys and without its values."""
    found = {**secret, **{f: dict.fromkeys(secret[f], MASKED) for f in ("data", "stringData") if isinstance(secret.get(f), dict)}}
    notes = (secret.get("metadata") or {}).get("annotations") or {}
    if LAST_APPLIED in notes:
        try:
            applied = json.loads(notes[LAST_APPLIED])
            kept = {LAST_APPLIED: json.dumps(masked(applied), separators=(",", ":")) + "\n"}
        except (ValueError, TypeError, AttributeError):
            kept = {}
        notes = {**{k: v for k, v in notes.items() if k != LAST_APPLIED}, **kept}
        found["metadata"] = {**secret["metadata"], "annotations": notes}
    return found
