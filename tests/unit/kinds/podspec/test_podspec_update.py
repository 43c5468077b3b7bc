"""What may change of a pod, and what its status and subresources may say."""

from make_pods import container, made, update_errors

from kplan.api.objects import copy_tree
from kplan.kinds import pod as pods
from kplan.kinds.podspec.ratchet import options_for_pod


def changed(old, **spec):
    new = copy_tree(old)
    new["spec"].update(spec)
    return new


def test_images_tolerations_deadlines_and_gates_may_change():
    old = made(activeDeadlineSeconds=60, schedulingGates=[{"name": "a"}, {"name": "b"}])
    new = changed(old, activeDeadlineSeconds=30, schedulingGates=[{"name": "b"}], tolerations=[{"operator": "Exists"}])
    new["spec"]["containers"][0]["image"] = "other"
    assert update_errors(old, new) == []
    assert new["metadata"]["generation"] == 2


def test_nothing_else_may_and_the_difference_is_shown():
    old = made()
    (error,) = update_errors(old, changed(old, restartPolicy="Never"))
    assert error.startswith("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,")
    assert '\n- "RestartPolicy": "Always",\n+ "RestartPolicy": "Never",\n' in error
    assert error.count("\n+") == 1


def test_amounts_are_equal_however_they_are_written():
    old = made(containers=container(resources={"requests": {"memory": "1Gi"}}))
    new = copy_tree(old)
    new["spec"]["containers"][0]["resources"]["requests"]["memory"] = "1073741824"
    assert update_errors(old, new) == []


def test_containers_come_and_go_only_by_replacement():
    old = made()
    new = changed(old, containers=old["spec"]["containers"] * 2)
    assert "spec.containers: Forbidden: pod updates may not add or remove containers" in update_errors(old, new)


def test_existing_tolerations_keep_all_but_their_time():
    old = made(tolerations=[{"key": "k", "operator": "Exists", "effect": "NoExecute"}])
    longer = [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]
    assert update_errors(old, changed(old, tolerations=longer)) == []
    assert update_errors(old, changed(old, tolerations=[])) == [
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
    ]


def test_a_gated_pod_may_be_told_more_of_where_to_go():
    old = made(schedulingGates=[{"name": "a"}], nodeSelector={"a": "1"})
    assert update_errors(old, changed(old, nodeSelector={"a": "1", "b": "2"})) == []
    assert update_errors(old, changed(old, nodeSelector={"b": "2"})) == [
        'spec.nodeSelector: Invalid value: {"b":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    ]
    terms = [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert update_errors(old, changed(old, affinity=affinity)) == []


def test_what_is_stored_may_stay_as_wrong_as_it_is():
    old = made(
        securityContext={"seLinuxChangePolicy": "MountOption"},
        tolerations=[{"key": "k", "operator": "Gt", "value": "3"}],
        containers=container(resources={"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}}),
    )
    assert len(list(pods.validate(old))) == 4
    assert update_errors(old, copy_tree(old)) == []
    assert options_for_pod(made()) == options_for_pod()


def test_a_status_does_not_bring_back_what_has_ended():
    old = made(restartPolicy="OnFailure")
    old["status"]["containerStatuses"] = [{"name": "app", "state": {"terminated": {"exitCode": 0}}}]
    new = copy_tree(old)
    new["status"]["containerStatuses"] = [{"name": "app", "state": {"running": {}}}]
    new["status"]["qosClass"] = "Guaranteed"
    pods.prepare_status(new, old)
    assert [str(e) for e in pods.validate_status(new, old)] == [
        'status.qosClass: Invalid value: "Guaranteed": field is immutable',
        "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
    ]
    old["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] = 1
    new["status"].pop("qosClass")
    pods.prepare_status(new, old)
    assert list(pods.validate_status(new, old)) == []


def test_resize_changes_cpu_and_memory_only():
    old = made(containers=container(resources={"requests": {"cpu": "1", "memory": "1Gi"}}))
    new = copy_tree(old)
    new["spec"]["containers"][0].update(resources={"requests": {"cpu": "2", "memory": "1Gi"}}, image="ignored")
    pods.prepare_resize(new, old)
    assert new["spec"]["containers"][0]["image"] == old["spec"]["containers"][0]["image"]
    assert list(pods.validate_pod_resize(new, old)) == []
    new["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2"}}
    assert [str(e) for e in pods.validate_pod_resize(new, old)] == ["spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"]


def test_ephemeral_containers_are_added_and_never_changed():
    old = made()
    new = changed(old, ephemeralContainers=[{"name": "debug", "image": "d", "imagePullPolicy": "Always", "terminationMessagePolicy": "File", "resources": {}}])
    pods.prepare_ephemeral_containers(new, old)
    assert list(pods.validate_ephemeral_containers(new, old)) == []
    gone = changed(new, ephemeralContainers=[])
    pods.prepare_ephemeral_containers(gone, new)
    assert [str(e) for e in pods.validate_ephemeral_containers(gone, new)] == [
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n'
    ]


def resized(old, new):
    return [str(e) for e in pods.validate_pod_resize(new, old)]


def test_what_a_resize_removes_is_said_before_what_it_changes():
    """Upstream: ValidatePodResize looks at what is removed of all init containers, of all containers, and only then at changes."""
    amounts = {"requests": {"cpu": "1", "memory": "1Gi"}}
    old = made(initContainers=[{"name": "i", "image": "i", "resources": amounts}], containers=container(resources=amounts))
    new = copy_tree(old)
    for field in ("initContainers", "containers"):
        new["spec"][field][0].update(resources={"requests": {"cpu": "1"}}, image="other")
    assert resized(old, new) == [
        "spec.initContainers[0].resources.requests: Forbidden: resource requests cannot be removed",
        "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
        "spec: Forbidden: only cpu and memory resources are mutable",
        "spec.initContainers[0]: Forbidden: only cpu and memory resources for init or sidecar containers are mutable",
    ]


def test_pod_level_resources_that_a_resize_removes_are_not_compared():
    """Upstream: validatePodLevelResourcesResize returns where they are gone."""
    amounts = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    old = made(resources=amounts, containers=container(resources={"requests": {"cpu": "1"}}))
    new = copy_tree(old)
    del new["spec"]["resources"]
    assert resized(old, new) == ["spec.resources: Forbidden: pod-level resources cannot be removed"]


def test_addresses_that_cannot_be_read_cannot_be_told_apart():
    """Upstream: validatePodIPs asks netutils.IsDualStackIPStrings, whose error is one of the server's own."""
    old = made()
    new = {**copy_tree(old), "status": {"podIPs": [{"ip": "10.0.0.1"}, {"ip": "x"}]}}
    assert [str(e) for e in pods.KIND.validate_status(new, old)][-2:] == [
        "status.podIPs: Internal error: failed to check for dual stack with error:invalid IP[1]: x",
        'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"x"}]: may specify no more than one IP for each IP family',
    ]
