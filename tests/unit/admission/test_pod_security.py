"""Pod Security: levels, versions, modes, labels of namespaces."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from admission_cases import make, pod

from kplan.admission import Request
from kplan.admission.pod_security import PodSecurity, policy_of
from kplan.admission.pod_security_checks import evaluate

Ask = Callable[..., Request]
Refusal = Callable[..., str]
SAFE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def namespace(**modes: str) -> dict[str, object]:
    return make("Namespace", "ns", namespace="", labels={f"pod-security.kubernetes.io/{k.replace('_', '-')}": v for k, v in modes.items()})


def test_nothing_is_asked_without_labels(ask: Ask) -> None:
    assert ask(PodSecurity(), pod(hostNetwork=True), namespace()).warnings == []


def test_enforce(refusal: Refusal) -> None:
    assert refusal(PodSecurity(), pod(), namespace(enforce="baseline")) == ""
    assert refusal(PodSecurity(), pod(hostNetwork=True, hostIPC=True), namespace(enforce="baseline", enforce_version="v1.30")) == (
        'pods "p" is forbidden: violates PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true, hostIPC=true)'
    )
    assert refusal(PodSecurity(), pod({"name": "a", "securityContext": SAFE}), namespace(enforce="restricted")) == ""
    assert refusal(PodSecurity(), pod(), namespace(enforce="restricted")).endswith(
        'violates PodSecurity "restricted:latest": '
        'allowPrivilegeEscalation != false (container "app" must set securityContext.allowPrivilegeEscalation=false), '
        'unrestricted capabilities (container "app" must set securityContext.capabilities.drop=["ALL"]), '
        'runAsNonRoot != true (pod or container "app" must set securityContext.runAsNonRoot=true), '
        'seccompProfile (pod or container "app" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
    )


def test_warn_follows_enforce_and_templates_are_only_warned_about(ask: Ask) -> None:
    workload = make("Deployment", api_version="apps/v1", spec={"template": {"metadata": {}, "spec": {"containers": [], "hostPID": True}}})
    (warning,) = ask(PodSecurity(), workload, namespace(enforce="baseline")).warnings
    assert warning == 'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)'
    assert ask(PodSecurity(), workload, namespace(enforce="baseline", warn="privileged")).warnings == []


@pytest.mark.parametrize(
    ("spec", "level", "old", "new"),
    [
        ({"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "h"}}}]}, "baseline", 33, 34),
        ({"containers": [], "securityContext": {"seccompProfile": {"type": "Unconfined"}}}, "baseline", 18, 19),
        ({"containers": [], "securityContext": {"runAsUser": 0, "runAsNonRoot": True}}, "restricted", 22, 23),
    ],
)
def test_checks_came_with_versions(spec: dict[str, object], level: str, old: int, new: int) -> None:
    assert evaluate(level, old, {}, spec) == []
    assert len(evaluate(level, new, {}, spec)) == 1


def test_relaxations_came_with_versions() -> None:
    windows = {"containers": [{"name": "a"}], "os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}
    assert len(evaluate("restricted", 24, {}, windows)) == 3
    assert evaluate("restricted", 25, {}, windows) == []
    own_users = {"containers": [{"name": "a", "securityContext": {**SAFE, "runAsNonRoot": False, "procMount": "Unmasked"}}], "hostUsers": False}
    assert [reason for reason, _ in evaluate("restricted", 36, {}, own_users)] == ["procMount"]
    assert evaluate("baseline", 36, {}, own_users) == []


def test_some_words() -> None:
    def first(level: str, spec: dict[str, object], meta: dict[str, object] | None = None) -> str:
        reason, detail = evaluate(level, 36, meta or {}, {"containers": [], **spec})[0]
        return f"{reason} ({detail})"

    two = [{"name": n, "ports": [{"hostPort": 80 + i}]} for i, n in enumerate("ab")]
    assert first("baseline", {"containers": two}) == 'hostPort (containers "a", "b" use hostPorts 80, 81)'
    annotated = {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "unconfined"}}
    assert first("baseline", {}, annotated) == (
        "forbidden AppArmor profile (annotation must not set AppArmor profile type to "
        '"container.apparmor.security.beta.kubernetes.io/a="unconfined"")'
    )
    selinux = {"securityContext": {"seLinuxOptions": {"type": "t", "user": "u"}}}
    assert first("baseline", selinux) == 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "t"; user may not be set)'
    nfs = {"volumes": [{"name": "v", "nfs": {}}, {"name": "w", "emptyDir": {}}]}
    assert first("restricted", nfs) == 'restricted volume types (volume "v" uses restricted volume type "nfs")'


def test_labels_of_namespaces(ask: Ask, refusal: Refusal) -> None:
    bad = namespace(enforce="strict", warn_version="1.2")
    assert refusal(PodSecurity(), bad) == (
        'Namespace "ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": '
        "must be one of privileged, baseline, restricted, "
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"]'
    )
    assert refusal(PodSecurity(), bad, old=bad) == ""
    assert str(policy_of(bad["metadata"]["labels"]).enforce) == "restricted:latest"  # type: ignore[index]


def test_a_stricter_level_warns_of_pods_that_are_there(ask: Ask) -> None:
    pods = [{**pod(hostPID=True), "metadata": {"name": name, "namespace": "ns"}} for name in ("b", "a", "c")]
    warnings = ask(PodSecurity(), namespace(enforce="baseline"), *pods, old=namespace()).warnings
    assert warnings == [
        'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 2 other pods): host namespaces",
    ]
    assert ask(PodSecurity(), namespace(), *pods, old=namespace(enforce="baseline")).warnings == []


def test_only_updates_of_images_count(refusal: Refusal) -> None:
    old, new = pod(hostPID=True), pod(hostPID=True)
    assert refusal(PodSecurity(), new, namespace(enforce="baseline"), old=old) == ""
    new["spec"]["containers"][0]["image"] = "other"
    assert "host namespaces" in refusal(PodSecurity(), new, namespace(enforce="baseline"), old=old)
