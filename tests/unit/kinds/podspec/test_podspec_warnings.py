"""Warnings and references of pods."""

from make_pods import container, given, made

from kplan.kinds import pod as pods
from kplan.kinds.podspec import pod_template_warnings

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/app"


def warned(metadata=None, **spec):
    return list(pods.warnings(made(metadata, **spec)))


def test_nothing_to_warn_of():
    assert warned() == []


def test_names_that_are_no_labels():
    (warning,) = warned({"name": "a.b"})
    assert warning == (
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
    )


def test_old_labels_volumes_and_annotations():
    assert warned(
        {"annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}},
        nodeSelector={"beta.kubernetes.io/os": "linux"},
        volumes=[{"name": "g", "gitRepo": {"repository": "r"}}],
    ) == [
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
        "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
    ]


def test_ports_and_variables_twice():
    ports = [{"containerPort": 80, "name": "a"}, {"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostIP": "10.0.0.1"}]
    env = [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}]
    assert warned(containers=container(ports=ports, env=env)) == [
        'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
        "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
        "spec.containers[0].ports[2]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:TCP HostIP:10.0.0.1}",
    ]


def test_files_over_one_another():
    items = [{"key": "a", "path": "x"}, {"key": "b", "path": "x/y"}]
    assert warned(volumes=[{"name": "v", "configMap": {"name": "c", "items": items}}, {"name": "p", "projected": {"sources": [{}]}}]) == [
        'volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x"',
        'volume "p" (Projected) has no sources provided',
    ]


def test_a_template_is_warned_of_at_its_path():
    template = {**given({"annotations": {APP_ARMOR: "unconfined"}}), "spec": {"containers": container(resources={"limits": {"memory": "1500m"}})}}
    assert list(pod_template_warnings(template, "spec.template")) == [
        f'spec.template.metadata.annotations[{APP_ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead',
        'spec.template.spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
    ]


def test_app_armor_of_a_pod_is_warned_of_early():
    pod = given({"annotations": {APP_ARMOR: "bogus"}})
    assert list(pods.KIND.early_warnings(pod)) == [f'metadata.annotations[{APP_ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead']


def test_references():
    pod = made(
        serviceAccountName="me",
        containers=container(
            envFrom=[{"configMapRef": {"name": "c", "optional": True}}],
            env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        ),
        volumes=[
            {"name": "a", "persistentVolumeClaim": {"claimName": "d"}},
            {"name": "b", "secret": {"secretName": "t", "items": [{"key": "x", "path": "x"}]}},
        ],
        priorityClassName="high",
    )
    assert [(r.path, r.kind, r.namespace, r.name, r.key, r.optional) for r in pods.references(pod)] == [
        ("spec.volumes[0].persistentVolumeClaim.claimName", "PersistentVolumeClaim", "default", "d", "", False),
        ("spec.volumes[1].secret.items[0].key", "Secret", "default", "t", "x", False),
        ("spec.containers[0].envFrom[0].configMapRef.name", "ConfigMap", "default", "c", "", True),
        ("spec.containers[0].env[0].valueFrom.secretKeyRef.name", "Secret", "default", "s", "k", False),
        ("spec.serviceAccountName", "ServiceAccount", "default", "me", "", False),
        ("spec.priorityClassName", "PriorityClass.scheduling.k8s.io", "", "high", "", False),
    ]
