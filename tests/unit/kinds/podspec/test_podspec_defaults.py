"""Defaults, preparation and dropped fields of pods."""

import pytest
from make_pods import container, made

from kplan import schema
from kplan.kinds.podspec import default_pod_template
from kplan.kinds.podspec.images import tag_of

SUM = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:1.2", "1.2"),
        ("localhost:5000/a/b", "latest"),
        (f"nginx@{SUM}", ""),
        (f"nginx:1@{SUM}", "1"),
        (f"nginx@{SUM.upper()}", ""),
        ("Nginx", ""),
        ("EXAMPLE.com/nginx", "latest"),
        ("a b", ""),
        ("", ""),
        ("0123456789abcdef" * 4, ""),
    ],
)
def test_tag(image, tag):
    assert tag_of(image) == tag


def test_defaults_do_nothing_twice():
    pod = made(
        containers=container(livenessProbe={"grpc": {"port": 1}}, env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        volumes=[{"name": "a"}, {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}, {"name": "h", "hostPath": {"path": "/"}}],
        serviceAccountName="me",
    )
    spec = pod["spec"]
    assert spec["containers"][0]["livenessProbe"] == {
        "grpc": {"port": 1, "service": ""},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert spec["volumes"][0]["emptyDir"] == {}
    assert spec["volumes"][1]["projected"] == {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}], "defaultMode": 420}
    assert spec["volumes"][2]["hostPath"] == {"path": "/", "type": ""}
    assert spec["serviceAccount"] == "me"
    again = schema.decode(pod, "v1", "Pod").object
    default_pod_template(again)
    assert again["spec"] == spec


def test_only_pods_request_what_they_limit():
    limited = container(resources={"limits": {"cpu": "1", "memory": "0.5m"}})
    pod = made(containers=limited)
    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1", "memory": "1m"}, "requests": {"cpu": "1", "memory": "1m"}}
    template = {"spec": {"containers": [dict(limited[0], resources={"limits": {"cpu": "1"}})]}}
    default_pod_template(template)
    assert template["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}}


def test_pod_level_resources_follow_containers_and_limits():
    pod = made(
        containers=container(resources={"requests": {"cpu": "200m"}, "limits": {"hugepages-2Mi": "4Mi"}}),
        resources={"limits": {"cpu": "1", "memory": "1Gi"}},
    )
    assert pod["spec"]["resources"] == {
        "limits": {"cpu": "1", "memory": "1Gi", "hugepages-2Mi": "4Mi"},
        "requests": {"cpu": "200m", "memory": "1Gi", "hugepages-2Mi": "4Mi"},
    }


def test_host_ports_on_the_hosts_network_and_a_negative_grace_period():
    pod = made(hostNetwork=True, terminationGracePeriodSeconds=-5, containers=container(ports=[{"containerPort": 80}]))
    assert pod["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 1


def test_a_new_pod_is_pending_and_may_be_gated():
    assert made()["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    gated = made(schedulingGates=[{"name": "example.com/wait"}])["status"]["conditions"]
    assert [(c["type"], c["status"], c["reason"], c["lastTransitionTime"]) for c in gated] == [
        ("PodScheduled", "False", "SchedulingGated", "2026-01-01T00:00:00Z")
    ]


def test_label_keys_become_selectors():
    keys = {"matchLabelKeys": ["rev"], "mismatchLabelKeys": ["tenant", "absent"]}
    pod = made(
        {"labels": {"rev": "3", "tenant": "t"}},
        affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "z", "labelSelector": {}, **keys}]}},
    )
    term = pod["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0]
    assert term["labelSelector"] == {
        "matchExpressions": [{"key": "rev", "operator": "In", "values": ["3"]}, {"key": "tenant", "operator": "NotIn", "values": ["t"]}]
    }


def test_gated_fields_are_dropped():
    pod = made(
        schedulingGroup={"podGroupName": "g"},
        containers=container(lifecycle={"stopSignal": "SIGTERM"}),
        volumes=[{"name": "v", "projected": {"sources": [{"clusterTrustBundle": {"name": "b", "path": "p"}}]}}],
    )
    assert "schedulingGroup" not in pod["spec"]
    assert "lifecycle" not in pod["spec"]["containers"][0]
    assert pod["spec"]["volumes"][0]["projected"]["sources"] == [{}]


def test_app_armor_annotations_become_fields():
    key = "container.apparmor.security.beta.kubernetes.io/app"
    assert made({"annotations": {key: "localhost/x"}})["spec"]["containers"][0]["securityContext"] == {
        "appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}
    }
