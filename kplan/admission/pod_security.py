"""PodSecurity: what pods may do, by labels of their namespace.

Upstream: staging/src/k8s.io/pod-security-admission/{admission,api}. The cluster's defaults are upstream's: privileged, no
exemptions. Audit says nothing that anybody sees here, so it is not evaluated.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from kplan.admission.pod_security_checks import BASELINE, RESTRICTED, evaluate
from kplan.admission.pod_security_visitor import Finding
from kplan.admission.refusal import forbidden
from kplan.admission.request import Plugin, Request
from kplan.api import status
from kplan.api.field import FieldError, invalid
from kplan.api.objects import Object, controller_of, labels_of, name_of
from kplan.api.reader import Reader

PRIVILEGED = "privileged"
LEVELS = (PRIVILEGED, BASELINE, RESTRICTED)
LATEST = sys.maxsize
PREFIX = "pod-security.kubernetes.io/"
_LABELS = tuple(PREFIX + mode + part for mode in ("enforce", "audit", "warn") for part in ("", "-version"))
_VERSION = re.compile(r"v1\.(0|[1-9][0-9]*)", re.ASCII)
_MAX_PODS = 3000
_IGNORED_SUBRESOURCES = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "PodTemplate": ("template",),
    "ReplicationController": ("spec", "template"),
    "ReplicaSet.apps": ("spec", "template"),
    "Deployment.apps": ("spec", "template"),
    "StatefulSet.apps": ("spec", "template"),
    "DaemonSet.apps": ("spec", "template"),
    "Job.batch": ("spec", "template"),
    "CronJob.batch": ("spec", "jobTemplate", "spec", "template"),
}


class Bar(NamedTuple):
    """A level and a minor version: what pods are held against."""

    level: str = PRIVILEGED
    minor: int = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{'latest' if self.minor == LATEST else f'v1.{self.minor}'}"


class Policy(NamedTuple):
    """What a namespace asks for, and what is wrong with its labels."""

    enforce: Bar
    audit: Bar
    warn: Bar
    errors: tuple[FieldError, ...] = ()


class PodSecurity(Plugin):
    """Pods keep to the enforced level; pods and templates that would not keep to the level of `warn` are warned about."""

    name = "PodSecurity"
    kinds = frozenset({"Namespace", "Pod", *_TEMPLATES})

    def validate(self, request: Request, reader: Reader) -> None:
        """Judge a namespace's labels, a pod, or a workload's template."""
        kind = request.kind.group_kind
        if kind not in self.kinds or request.operation == "DELETE" or request.object is None:
            return
        if kind == "Namespace":
            if not request.subresource:
                _judge_namespace(request, reader)
            return
        if request.subresource and (kind != "Pod" or request.subresource in _IGNORED_SUBRESOURCES):
            return
        namespace = reader.get("Namespace", "", request.namespace)
        if namespace is None:
            return
        policy = policy_of(labels_of(namespace))
        if kind == "Pod":
            _judge_pod(request, policy)
        else:
            template: Object | None = request.object
            for key in _TEMPLATES[kind]:
                template = (template or {}).get(key)
            if template is not None:
                _warn(request, policy.warn, template, None)


def policy_of(labels: Mapping[str, str]) -> Policy:
    """The policy that a namespace's labels state.   Upstream: PolicyToEvaluate."""
    return _policy(tuple(labels.get(key) for key in _LABELS))


@lru_cache(maxsize=512)
def _policy(values: tuple[str | None, ...]) -> Policy:
    errors: list[FieldError] = []
    bars = []
    for mode in range(3):
        level, version = values[2 * mode], values[2 * mode + 1]
        bar = Bar()
        if level is not None:
            if level not in LEVELS:
                errors.append(_label_error(2 * mode, level, f"must be one of {', '.join(LEVELS)}"))
                # A level that cannot be read is enforced as the strictest, and neither audited nor warned about.
                level = RESTRICTED if mode == 0 else PRIVILEGED
            bar = bar._replace(level=level)
        if version is not None and version != "latest":
            found = _VERSION.fullmatch(version)
            if found is None or int(found[1]) >= LATEST:
                errors.append(_label_error(2 * mode + 1, version, 'must be "latest" or "v1.x"'))
            else:
                bar = bar._replace(minor=int(found[1]))
        bars.append(bar)
    enforce, audit, warn = bars
    if values[4] is None and values[0] in LEVELS and LEVELS.index(enforce.level) > LEVELS.index(warn.level):
        warn = Bar(enforce.level, warn.minor if values[5] is not None else enforce.minor)
    return Policy(enforce, audit, warn, tuple(errors))


def _label_error(index: int, value: str, why: str) -> FieldError:
    return invalid(f"metadata.labels[{_LABELS[index]}]", value, why)


def detail_of(findings: Sequence[Finding]) -> str:
    """Findings as messages have them: reason (detail), reason (detail)."""
    return ", ".join(f"{reason} ({detail})" if detail else reason for reason, detail in findings)


def _judge_pod(request: Request, policy: Policy) -> None:
    pod: Object = request.object or {}
    if not policy.errors and policy.enforce.level == policy.audit.level == policy.warn.level == PRIVILEGED:
        return
    if request.operation == "UPDATE" and request.old is not None and not _is_significant(pod, request.old):
        return
    findings = evaluate(*policy.enforce, pod["metadata"], pod["spec"])
    if findings:
        raise forbidden(request, f'violates PodSecurity "{policy.enforce}": {detail_of(findings)}')
    _warn(request, policy.warn, pod, findings if policy.warn == policy.enforce else None)


def _warn(request: Request, bar: Bar, pod: Object, known: list[Finding] | None) -> None:
    findings = evaluate(*bar, pod.get("metadata") or {}, pod.get("spec") or {}) if known is None else known
    if findings:
        request.warnings.append(f'would violate PodSecurity "{bar}": {detail_of(findings)}')


def _is_significant(new: Object, old: Object) -> bool:
    """Whether an update brings containers or images.   Upstream: isSignificantPodUpdate."""
    for key in ("containers", "initContainers"):
        mine, theirs = new["spec"].get(key) or (), old["spec"].get(key) or ()
        if [c.get("image") for c in mine] != [c.get("image") for c in theirs]:
            return True
    before = {c["name"]: c.get("image") for c in old["spec"].get("ephemeralContainers") or ()}
    return any(c["name"] not in before or before[c["name"]] != c.get("image") for c in new["spec"].get("ephemeralContainers") or ())


def _judge_namespace(request: Request, reader: Reader) -> None:
    """Labels must be right when they are new; a stricter level warns of the pods that do not keep to it."""
    namespace: Object = request.object or {}
    new = policy_of(labels_of(namespace))
    if request.operation == "CREATE" or request.old is None:
        if new.errors:
            raise status.invalid("Namespace", request.name, new.errors)
        return
    old = policy_of(labels_of(request.old))
    if new.errors and new.errors != old.errors:
        raise status.invalid("Namespace", request.name, new.errors)
    if new.enforce == old.enforce or new.enforce.level == PRIVILEGED:
        return
    if new.enforce.minor == old.enforce.minor and LEVELS.index(new.enforce.level) <= LEVELS.index(old.enforce.level):
        return
    request.warnings.extend(_pod_warnings(name_of(namespace), new.enforce, reader))


def _pod_warnings(namespace: str, bar: Bar, reader: Reader) -> list[str]:
    """Upstream: EvaluatePodsInNamespace; one pod of each controller is looked at before their equals."""
    pods = list(reader.list("Pod", namespace))
    first: list[Object] = []
    rest: list[Object] = []
    seen: set[str] = set()
    for pod in pods:
        owner = controller_of(pod)
        uid = owner.get("uid") or "" if owner else ""
        (rest if owner and uid in seen else first).append(pod)
        if owner:
            seen.add(uid)
    offenders: dict[str, list[str]] = {}
    for pod in (first + rest)[:_MAX_PODS]:
        findings = evaluate(*bar, pod["metadata"], pod["spec"])
        if findings:
            offenders.setdefault(", ".join(reason for reason, _ in findings), []).append(name_of(pod))
    warnings = []
    if len(pods) > _MAX_PODS:
        warnings.append(f"new PodSecurity enforce level only checked against the first {_MAX_PODS} of {len(pods)} existing pods")
    if offenders:
        warnings.append(f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{bar}"')
    lines = []
    for reason, names in offenders.items():
        others = len(names) - 1
        also = f" (and {others} other {'pod' if others == 1 else 'pods'})" if others else ""
        lines.append(f"{min(names)}{also}: {reason}")
    return warnings + sorted(lines)
