"""What admission makes of pods: accounts, priorities, limits, tolerations, runtime classes, topology."""

from __future__ import annotations

from collections.abc import Callable

from admission_cases import make, pod

from kplan.admission import Request
from kplan.admission.default_toleration_seconds import DefaultTolerationSeconds
from kplan.admission.limit_ranger import LimitRanger
from kplan.admission.pod_resize import PodResizeValidator
from kplan.admission.pod_topology_labels import PodTopologyLabels
from kplan.admission.priority import Priority
from kplan.admission.runtime_class import RuntimeClass
from kplan.admission.service_account import ServiceAccount

Ask = Callable[..., Request]
Refusal = Callable[..., str]
ACCOUNT = make("ServiceAccount", "default", imagePullSecrets=[{"name": "pull"}])


def test_account_token_and_pull_secrets(ask: Ask) -> None:
    spec = ask(ServiceAccount(), pod(initContainers=[{"name": "init"}]), ACCOUNT).object["spec"]  # type: ignore[index]
    assert (spec["serviceAccountName"], spec["imagePullSecrets"]) == ("default", [{"name": "pull"}])
    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert volume["projected"]["sources"][0] == {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}}
    for container in (*spec["containers"], *spec["initContainers"]):
        assert container["volumeMounts"] == [
            {"name": volume["name"], "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
        ]


def test_equal_pods_have_equal_token_volumes(ask: Ask) -> None:
    names = [ask(ServiceAccount(), pod(hostname=h), ACCOUNT).object["spec"]["volumes"][0]["name"] for h in ("a", "a", "b")]  # type: ignore[index]
    assert names[0] == names[1] != names[2]


def test_no_token_where_nobody_wants_one(ask: Ask) -> None:
    assert "volumes" not in ask(ServiceAccount(), pod(automountServiceAccountToken=False), ACCOUNT).object["spec"]  # type: ignore[index]
    quiet = {**ACCOUNT, "automountServiceAccountToken": False}
    assert "volumes" not in ask(ServiceAccount(), pod(), quiet).object["spec"]  # type: ignore[index]
    assert "volumes" in ask(ServiceAccount(), pod(automountServiceAccountToken=True), quiet).object["spec"]  # type: ignore[index]


def test_account_must_exist(refusal: Refusal) -> None:
    message = refusal(ServiceAccount(), pod(serviceAccountName="gone"))
    assert message == 'pods "p" is forbidden: error looking up service account ns/gone: serviceaccount "gone" not found'


def test_account_may_limit_secrets(refusal: Refusal) -> None:
    strict = make("ServiceAccount", "default", annotations={"kubernetes.io/enforce-mountable-secrets": "true"}, secrets=[{"name": "known"}])
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "other", "key": "k"}}}]
    assert refusal(ServiceAccount(), pod(volumes=[{"name": "v", "secret": {"secretName": "known"}}]), strict) == ""
    assert 'container app with envVar A referencing secret.secretName="other"' in refusal(ServiceAccount(), pod({"name": "app", "env": env}), strict)
    assert 'imagePullSecrets[0].name="x"' in refusal(ServiceAccount(), pod(imagePullSecrets=[{"name": "x"}]), strict)


def test_mirror_pods_name_no_account(refusal: Refusal) -> None:
    mirror = pod(serviceAccountName="default")
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert refusal(ServiceAccount(), mirror, ACCOUNT).endswith("a mirror pod may not reference service accounts")


def test_priority(ask: Ask, refusal: Refusal) -> None:
    def a_class(name: str, value: int, **more: object) -> dict[str, object]:
        return make("PriorityClass", name, "scheduling.k8s.io/v1", "", value=value, preemptionPolicy="Never", **more)

    high, default = a_class("high", 10), a_class("usual", 3, globalDefault=True)
    assert ask(Priority(), pod()).object["spec"].items() >= {"priority": 0, "preemptionPolicy": "PreemptLowerPriority"}.items()  # type: ignore[index]
    usual = ask(Priority(), pod(), high, default).object["spec"]  # type: ignore[index]
    assert (usual["priorityClassName"], usual["priority"], usual["preemptionPolicy"]) == ("usual", 3, "Never")
    assert ask(Priority(), pod(priorityClassName="high"), high, default).object["spec"]["priority"] == 10  # type: ignore[index]
    assert refusal(Priority(), pod(priorityClassName="none"), high).endswith("no PriorityClass with name none was found")
    assert "the integer value of priority (5) must not be provided" in refusal(Priority(), pod(priority=5))
    assert refusal(Priority(), a_class("next", 4, globalDefault=True), default).endswith("Only one default can exist")


def test_default_tolerations(ask: Ask) -> None:
    tolerations = ask(DefaultTolerationSeconds(), pod()).object["spec"]["tolerations"]  # type: ignore[index]
    assert [(t["key"], t["tolerationSeconds"]) for t in tolerations] == [
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    ]
    own = [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]
    assert len(ask(DefaultTolerationSeconds(), pod(tolerations=list(own))).object["spec"]["tolerations"]) == 2  # type: ignore[index]
    everything = [{"operator": "Exists"}]
    assert ask(DefaultTolerationSeconds(), pod(tolerations=list(everything))).object["spec"]["tolerations"] == everything  # type: ignore[index]


LIMITS = make(
    "LimitRange",
    "bounds",
    spec={
        "limits": [
            {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m", "memory": "64Mi"}, "max": {"cpu": "2"}, "min": {"cpu": "50m"}},
            {"type": "Pod", "max": {"cpu": "3"}},
            {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}},
        ]
    },
)


def test_limit_defaults_and_their_note(ask: Ask) -> None:
    done = ask(LimitRanger(), pod(), LIMITS).object
    assert done["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "500m"}}  # type: ignore[index]
    note = "LimitRanger plugin set: cpu, memory request for container app; cpu limit for container app"
    assert done["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": note}  # type: ignore[index]


def test_limit_bounds(refusal: Refusal) -> None:
    def of(**limits: str) -> str:
        return refusal(LimitRanger(), pod({"name": "app", "resources": {"limits": dict(limits), "requests": dict(limits)}}), LIMITS)

    assert of(cpu="2") == ""
    assert of(cpu="2100m").endswith("is forbidden: maximum cpu usage per Container is 2, but limit is 2100m")
    assert of(cpu="10m").endswith("minimum cpu usage per Container is 50m, but request is 10m")
    two = [{"name": n, "resources": {"limits": {"cpu": "1600m"}, "requests": {"cpu": "1"}}} for n in "ab"]
    assert refusal(LimitRanger(), pod(*two), LIMITS).endswith("maximum cpu usage per Pod is 3, but limit is 3200m")
    claim = make("PersistentVolumeClaim", "c", spec={"resources": {"requests": {"storage": "1Mi"}}})
    assert refusal(LimitRanger(), claim, LIMITS).endswith("minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi")


def test_limit_ratio(refusal: Refusal) -> None:
    ratio = make("LimitRange", "ratio", spec={"limits": [{"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}]})
    wide = {"name": "app", "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "400m"}}}
    assert refusal(LimitRanger(), pod(wide), ratio).endswith("cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000")


def test_runtime_class(ask: Ask, refusal: Refusal) -> None:
    kata = make(
        "RuntimeClass",
        "kata",
        "node.k8s.io/v1",
        "",
        overhead={"podFixed": {"cpu": "100m"}},
        scheduling={"nodeSelector": {"kata": "yes"}, "tolerations": [{"key": "k", "operator": "Exists"}]},
    )
    spec = ask(RuntimeClass(), pod(runtimeClassName="kata", tolerations=[{"key": "k", "operator": "Equal", "value": "v"}]), kata).object["spec"]  # type: ignore[index]
    assert (spec["overhead"], spec["nodeSelector"], spec["tolerations"]) == ({"cpu": "100m"}, {"kata": "yes"}, [{"key": "k", "operator": "Exists"}])
    assert refusal(RuntimeClass(), pod(runtimeClassName="gone")).endswith('pod rejected: RuntimeClass "gone" not found')
    assert refusal(RuntimeClass(), pod(overhead={"cpu": "1"})).endswith("Pod Overhead set without corresponding RuntimeClass defined Overhead")
    assert refusal(RuntimeClass(), pod(runtimeClassName="kata", overhead={"cpu": "1"}), kata).endswith("doesn't match RuntimeClass's defined Overhead")
    assert "conflict: runtimeClass.scheduling.nodeSelector[kata] = yes" in refusal(
        RuntimeClass(), pod(runtimeClassName="kata", nodeSelector={"kata": "no"}), kata
    )


def test_topology_labels(ask: Ask) -> None:
    node = make("Node", "n", namespace="", labels={"topology.kubernetes.io/zone": "a", "other": "b"})
    assert ask(PodTopologyLabels(), pod(nodeName="n"), node).object["metadata"]["labels"] == {"topology.kubernetes.io/zone": "a"}  # type: ignore[index]
    assert "labels" not in ask(PodTopologyLabels(), pod(), node).object["metadata"]  # type: ignore[index]


def test_resize_stays_within_the_node(refusal: Refusal) -> None:
    node = make("Node", "n", namespace="", status={"allocatable": {"cpu": "1", "memory": "1Gi"}})
    old = pod(nodeName="n")
    new = pod({"name": "app", "resources": {"requests": {"cpu": "2"}}}, nodeName="n")
    new["metadata"]["generation"] = 2
    message = refusal(PodResizeValidator(), new, node, old=old, subresource="resize")
    assert message.endswith("node didn't have enough allocatable resources: cpu, requested: 2000, allocatable: 1000")
    assert refusal(PodResizeValidator(), new, node, old=old) == ""
