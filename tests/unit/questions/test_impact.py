"""What a change does to what runs: restarts, old configuration, endpoints, volumes, budgets, rollouts."""

from __future__ import annotations

import io
import json

from questions import Object, budget, changed, config, meta, service, workload

from kplan.api.ref import Ref
from kplan.report.impact import impact_lines
from kplan.report.json import render_plan
from kplan.report.reading import read_plan

WEB = Ref("apps", "Deployment", "default", "web")
DB = Ref("apps", "StatefulSet", "default", "db")
NO_GAP = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}


def test_a_template_field_restarts_all_pods_and_is_named() -> None:
    found = changed([workload("web", 3, image="r.example.com/x:2")], [workload("web", 3)])
    (restart,) = found.blast.restarts
    assert (restart.ref, restart.replaced, restart.removed, restart.kept) == (WEB, 3, 0, 0)
    assert [(c.path, c.before, c.after) for c in restart.causes] == [("spec.containers[name=c].image", "r.example.com/x:1", "r.example.com/x:2")]


def test_scaling_down_removes_and_restarts_nothing() -> None:
    (restart,) = changed([workload("web", 1)], [workload("web", 3)]).blast.restarts
    assert (restart.replaced, restart.removed) == (0, 2)
    assert restart.causes[0].path == "spec.replicas"


def test_rollout_restart_is_called_so() -> None:
    after = workload("web", 2, notes={"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"})
    (restart,) = changed([after], [workload("web", 2)]).blast.restarts
    assert [c.words for c in restart.causes] == ["kubectl rollout restart"]


def test_pods_of_a_deleted_workload_go() -> None:
    (restart,) = changed([config("other")], [workload("web", 2), config("other")]).blast.restarts
    assert (restart.replaced, restart.removed, restart.causes[0].words) == (0, 2, "deleted")


def test_on_delete_and_partitions_keep_pods() -> None:
    sets = {"kind": "StatefulSet", "serviceName": "db"}
    strategy = {"updateStrategy": {"type": "OnDelete"}}
    (restart,) = changed([workload("db", 2, image="r.example.com/x:2", **sets, **strategy)], [workload("db", 2, **sets, **strategy)]).blast.restarts
    assert (restart.ref, restart.replaced, restart.kept, restart.why_kept) == (DB, 0, 2, "updateStrategy OnDelete: until they are deleted")
    strategy = {"updateStrategy": {"rollingUpdate": {"partition": 2}}}
    (restart,) = changed([workload("db", 3, image="r.example.com/x:2", **sets, **strategy)], [workload("db", 3, **sets, **strategy)]).blast.restarts
    assert (restart.replaced, restart.kept, restart.why_kept) == (1, 2, "partition 2")


def uses(**ways: object) -> Object:
    """A Deployment that reads ConfigMap `settings` in several ways."""
    return workload("web", 2, container=ways.get("container"), pod=ways.get("pod"))  # type: ignore[arg-type]


def test_variables_keep_the_old_value_until_a_restart() -> None:
    web = uses(container={"envFrom": [{"configMapRef": {"name": "settings"}}]})
    found = changed([web, config("settings", MODE="new", SAME="x")], [web, config("settings", MODE="old", SAME="x")])
    (stale,) = found.blast.stale
    assert (stale.source.name, stale.ref, stale.keys, stale.env, stale.files) == ("settings", WEB, ("MODE",), 2, 0)
    assert not found.blast.restarts
    assert "will not restart by itself: 2 pods keep the old value until they restart" in "\n".join(impact_lines(found))


def test_a_variable_of_another_key_is_not_touched() -> None:
    web = uses(container={"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "SAME"}}}]})
    assert not changed([web, config("settings", MODE="new", SAME="x")], [web, config("settings", MODE="old", SAME="x")]).blast.stale


def test_files_are_updated_in_place_and_those_of_sub_paths_are_not() -> None:
    volumes = {"volumes": [{"name": "v", "configMap": {"name": "settings"}}]}
    files = uses(container={"volumeMounts": [{"name": "v", "mountPath": "/etc/x"}]}, pod=volumes)
    before, after = config("settings", MODE="old"), config("settings", MODE="new")
    (stale,) = changed([files, after], [files, before]).blast.stale
    assert (stale.env, stale.files, stale.fixed, stale.pods) == (0, 2, 0, 0)
    fixed = uses(container={"volumeMounts": [{"name": "v", "mountPath": "/etc/x/MODE", "subPath": "MODE"}]}, pod=volumes)
    (stale,) = changed([fixed, after], [fixed, before]).blast.stale
    assert (stale.env, stale.files, stale.fixed) == (0, 0, 2)
    other = uses(container={"volumeMounts": [{"name": "v", "mountPath": "/etc/x/SAME", "subPath": "SAME"}]}, pod=volumes)
    assert not changed([other, config("settings", MODE="new", SAME="1")], [other, config("settings", MODE="old", SAME="1")]).blast.stale


def test_pods_that_restart_anyway_are_not_stale() -> None:
    env = {"envFrom": [{"configMapRef": {"name": "settings"}}]}
    old, new = workload("web", 2, container=env), workload("web", 2, container=env, image="r.example.com/x:2")
    assert not changed([new, config("settings", MODE="new")], [old, config("settings", MODE="old")]).blast.stale


def test_a_configuration_of_the_same_name_elsewhere_is_another() -> None:
    env = {"envFrom": [{"configMapRef": {"name": "settings"}}]}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}}
    web, same = workload("web", 1, container=env), config("settings", MODE="same")
    there = {**config("settings", MODE="old"), "metadata": meta("settings", "other")}
    assert not changed([space, web, same, {**there, "data": {"MODE": "new"}}], [space, web, same, there]).blast.stale


def test_a_configuration_that_goes_is_missed_at_the_next_start() -> None:
    web = uses(container={"envFrom": [{"configMapRef": {"name": "settings"}}]})
    (stale,) = changed([web], [web, config("settings", MODE="old")]).blast.stale
    assert stale.deleted
    assert stale.env == 2


def test_endpoints_that_a_selector_loses() -> None:
    found = changed([workload("web", 3), service("web", "wbe")], [workload("web", 3), service("web", "web")])
    (change,) = found.blast.services
    assert (change.ref.name, change.before, change.after) == ("web", 3, 0)


def test_recreate_leaves_a_service_without_endpoints_on_the_way() -> None:
    recreate = {"strategy": {"type": "Recreate"}, "minReadySeconds": 10}
    found = changed([workload("web", 2, image="r.example.com/x:2", **recreate), service("web", "web")], [workload("web", 2, **recreate), service("web", "web")])
    (change,) = found.blast.services
    assert (change.before, change.after, change.lowest) == (2, 2, 0)
    (course,) = found.rollouts
    assert (course.lowest.ready, course.peak.pods, course.done) == (0, 2, True)


def test_a_rolling_update_never_falls_below_what_it_promises() -> None:
    strategy = {"strategy": {"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}}}
    (course,) = changed([workload("web", 6, image="r.example.com/x:2", **strategy)], [workload("web", 6, **strategy)]).rollouts
    assert course.strategy == "RollingUpdate, maxSurge 2, maxUnavailable 1"
    assert course.done
    assert course.lowest.ready == 5
    assert course.peak.pods == 8
    assert [course.steps[0][1:], course.steps[-1][1:]] == [(6, 6, 0, 6), (6, 6, 6, 6)]


def test_no_room_for_the_surge_is_a_deadlock_with_a_way_out() -> None:
    found = changed([workload("web", 2, cpu="6", image="r.example.com/x:2", **NO_GAP)], [workload("web", 2, cpu="6", **NO_GAP)], nodes="2x8cpu,32Gi")
    (course,) = found.rollouts
    assert not course.done
    assert "Insufficient cpu" in course.stuck
    assert course.lowest.ready == 2
    assert course.remedies == ("maxUnavailable 0 keeps all 2 old pods and there is no room for one more: set maxUnavailable to 1, or add a node",)


def test_a_surge_that_does_not_fit_is_told_although_the_rollout_goes_on() -> None:
    loose = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
    old, new = workload("web", 2, cpu="6", **loose), workload("web", 2, cpu="6", image="r.example.com/x:2", **loose)
    (course,) = changed([new], [old], nodes="2x8cpu,32Gi").rollouts
    assert (course.done, course.stuck) == (True, "")
    assert "Insufficient cpu" in course.squeezed
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"requests.cpu": "12"}}}
    (course,) = changed([quota, new], [quota, old]).rollouts
    assert course.done
    assert course.squeezed == "quota q: requests.cpu is 12 of 12, each pod asks for 6"
    assert changed([new], [old]).rollouts[0].squeezed == ""


def test_a_surge_beyond_the_quota_is_a_deadlock() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta("q"), "spec": {"hard": {"requests.cpu": "300m"}}}
    (course,) = changed([quota, workload("web", 3, image="r.example.com/x:2", **NO_GAP)], [quota, workload("web", 3, **NO_GAP)]).rollouts
    assert "exceeded quota: q" in course.stuck
    assert course.remedies[0].endswith("set maxUnavailable to 1 with maxSurge 0, or raise the quota")


def test_required_anti_affinity_on_full_nodes_is_a_deadlock() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    apart = {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}
    found = changed([workload("web", 3, image="r.example.com/x:2", pod=apart, **NO_GAP)], [workload("web", 3, pod=apart, **NO_GAP)])
    assert "required anti-affinity" in found.rollouts[0].remedies[0]
    (course,) = changed([workload("web", 3, image="r.example.com/x:2", pod=apart)], [workload("web", 3, pod=apart)]).rollouts
    assert course.done is False  # a quarter of three pods rounds down to none
    loose = {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
    (course,) = changed([workload("web", 3, image="r.example.com/x:2", pod=apart, **loose)], [workload("web", 3, pod=apart, **loose)]).rollouts
    assert course.done
    assert course.lowest.ready == 2


def test_new_pods_that_do_not_start_stop_a_rollout_for_their_own_reason() -> None:
    new = workload("web", 4, image="r.example.com/x:2", notes={"kplan.dev/outcome": "CrashLoop"})
    (course,) = changed([new], [workload("web", 4)], horizon=700.0).rollouts
    assert not course.done
    assert "CrashLoopBackOff" in course.stuck
    assert course.stuck.startswith("past its progress deadline of 600s")
    assert course.lowest.ready == 3


def test_a_stateful_set_waits_for_a_broken_pod_for_ever() -> None:
    sets = {"kind": "StatefulSet", "serviceName": "db"}
    new = workload("db", 3, image="r.example.com/x:2", notes={"kplan.dev/outcome": "CrashLoop"}, **sets)
    (course,) = changed([new], [workload("db", 3, **sets)]).rollouts
    assert course.remedies == ("after going back delete pod db-2 by hand: a StatefulSet waits for a broken pod for ever",)


def claim(name: str, size: str = "1Gi") -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "resources": {"requests": {"storage": size}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name), "spec": spec}


def storage(policy: str) -> Object:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": meta("fast"),
        "provisioner": "sim.kplan.dev/disk",
        "reclaimPolicy": policy,
        "allowVolumeExpansion": True,
    }


def test_volumes_are_made_grown_lost_and_left() -> None:
    found = changed([storage("Delete"), claim("a", "2Gi"), claim("new")], [storage("Delete"), claim("a"), claim("old")])
    told = {v.ref.name: (v.action, v.detail) for v in found.blast.volumes}
    assert told["a"] == ("grown", "1Gi → 2Gi")
    assert told["new"][0] == "created"
    assert told["old"][0] == "lost"
    assert "reclaim policy Delete" in told["old"][1]
    (released,) = changed([storage("Retain")], [storage("Retain"), claim("old")]).blast.volumes
    assert released.action == "released"


def test_claims_of_a_set_that_goes_are_kept() -> None:
    template = {"metadata": {"name": "data"}, "spec": claim("x")["spec"]}
    sets = workload("db", 2, kind="StatefulSet", serviceName="db", volumeClaimTemplates=[template])
    found = changed([storage("Delete")], [storage("Delete"), sets])
    assert [(v.ref.name, v.action) for v in found.blast.volumes] == [("data-db-0", "kept"), ("data-db-1", "kept")]


def test_scratch_volumes_start_empty() -> None:
    scratch = {"volumes": [{"name": "tmp", "emptyDir": {}}]}
    found = changed([workload("web", 2, pod=scratch, image="r.example.com/x:2")], [workload("web", 2, pod=scratch)])
    assert [(v.ref, v.action) for v in found.blast.volumes] == [(WEB, "emptied")]


def test_a_budget_that_closes_is_told_once() -> None:
    closed, open_ = budget("web", "web", minAvailable=2), budget("web", "web", minAvailable=1)
    (told,) = changed([workload("web", 2), closed], [workload("web", 2), open_]).blast.budgets
    assert (told.ref.name, told.pods, told.desired) == ("web", 2, 2)
    assert not changed([workload("web", 2), closed], [workload("web", 2), closed]).blast.budgets


def test_nothing_changed_nothing_told() -> None:
    same = [workload("web", 2), service("web", "web"), config("x", a="1")]
    found = changed(same, same)
    assert not found.blast
    assert not found.rollouts
    assert not list(impact_lines(found))


def test_a_saved_plan_tells_the_same() -> None:
    env = {"envFrom": [{"configMapRef": {"name": "settings"}}]}
    old = [workload("web", 2, cpu="6", **NO_GAP), workload("api", 1, container=env), config("settings", A="1"), budget("web", "web", minAvailable=1)]
    new = [
        workload("web", 2, cpu="6", image="r.example.com/x:2", **NO_GAP),
        workload("api", 1, container=env),
        config("settings", A="2"),
        budget("web", "web", minAvailable=2),
    ]
    found = changed(new, old, nodes="2x8cpu,32Gi")
    out = io.StringIO()
    render_plan(found, out)
    again = read_plan(out.getvalue())
    assert (again.blast, again.rollouts) == (found.blast, found.rollouts)
    assert list(impact_lines(again)) == list(impact_lines(found))
    assert json.loads(out.getvalue())["impact"]["configuration"][0]["keys"] == ["A"]
