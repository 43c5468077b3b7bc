"""Jobs: completion, failure, policies, back-off, suspension, adoption."""

from __future__ import annotations

from typing import Any

import pytest

import kplan

Object = dict[str, Any]
JOB = {"apiVersion": "batch/v1", "kind": "Job", "name": "work"}
TRACKING = "batch.kubernetes.io/job-tracking"
RUNNING = {"kplan.dev/outcome": "Running"}
FAILING = {"kplan.dev/outcome": "Failed"}
INDEXED: Object = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}


def job(annotations: Object | None = None, restart: str = "Never", **spec: Any) -> Object:
    meta = {"labels": {"app": "work"}, "annotations": annotations or {}}
    template = {"metadata": meta, "spec": {"restartPolicy": restart, "containers": [{"name": "app", "image": "a:1"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"}, "spec": {"template": template, **spec}}


def cluster(*objects: Object, quiet: float = 2.0) -> kplan.Cluster:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110"}
    made = kplan.Cluster()
    made.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {"capacity": room, "allocatable": room}})
    made.run(quiet=0.3)
    for obj in objects:
        answer = made.create(obj)
        assert answer.accepted, answer.message
    made.run(quiet=quiet)
    return made


def status(made: kplan.Cluster) -> Object:
    found = made.get(JOB)
    assert found is not None
    held: Object = found["status"]
    return held


def conditions(made: kplan.Cluster) -> dict[str, str]:
    return {c["type"]: c["reason"] for c in status(made).get("conditions", ()) if c["status"] == "True"}


def said(made: kplan.Cluster, reason: str) -> list[str]:
    return [e["message"] for e in made.events() if e["reason"] == reason and e["involvedObject"]["kind"] == "Job"]


def made_at(made: kplan.Cluster) -> list[str]:
    return [e["time"][14:19] for e in made.events() if e["reason"] == "SuccessfulCreate"]


def test_as_many_pods_as_parallelism_until_all_completions_are_counted() -> None:
    made = cluster(job(completions=5, parallelism=2))
    assert status(made)["succeeded"] == 5
    assert conditions(made) == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}
    assert made_at(made) == ["00:00", "00:00", "00:01", "00:01", "00:02"]
    assert all(TRACKING not in p["metadata"].get("finalizers", ()) for p in made.objects("Pod"))
    assert said(made, "Completed") == ["Job completed"]


def test_zero_counts_stand_in_the_status_only_where_upstream_says_them() -> None:
    made = cluster(job(parallelism=0))
    assert status(made).keys() == {"startTime", "ready", "terminating", "uncountedTerminatedPods"}


def test_failed_pods_are_replaced_after_ten_and_twenty_seconds() -> None:
    made = cluster(job(FAILING, backoffLimit=2), quiet=60)
    assert made_at(made) == ["00:00", "00:10", "00:30"]
    assert status(made)["failed"] == 3
    assert conditions(made) == {"FailureTarget": "BackoffLimitExceeded", "Failed": "BackoffLimitExceeded"}


def test_restarts_in_place_count_against_the_limit() -> None:
    made = cluster(job({**RUNNING, "kplan.dev/restarts": "3"}, restart="OnFailure", backoffLimit=3))
    assert conditions(made)["Failed"] == "BackoffLimitExceeded"
    assert made.objects("Pod") == []


def test_a_deadline_ends_running_pods() -> None:
    made = cluster(job(RUNNING, activeDeadlineSeconds=30), quiet=40)
    assert conditions(made)["Failed"] == "DeadlineExceeded"
    assert status(made)["failed"] == 1


def test_indexes_are_in_names_labels_and_environment() -> None:
    made = cluster(job(**INDEXED))
    pods = made.objects("Pod")
    assert [p["metadata"]["generateName"] for p in pods] == ["work-0-", "work-1-", "work-2-"]
    assert [p["spec"]["hostname"] for p in pods] == ["work-0", "work-1", "work-2"]
    assert [p["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] for p in pods] == ["0", "1", "2"]
    assert pods[0]["spec"]["containers"][0]["env"][0]["name"] == "JOB_COMPLETION_INDEX"
    assert status(made)["completedIndexes"] == "0-2"


def test_each_index_has_its_own_limit_and_back_off() -> None:
    made = cluster(job({"kplan.dev/outcome-by-index": '{"1": "Failed"}'}, **INDEXED, backoffLimitPerIndex=1), quiet=60)
    assert (status(made)["completedIndexes"], status(made)["failedIndexes"], status(made)["failed"]) == ("0,2", "1", 2)
    assert conditions(made)["Failed"] == "FailedIndexes"
    counts = [p["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"] for p in made.objects("Pod")]
    assert sorted(counts) == ["0", "0", "0", "1"]
    assert made_at(made) == ["00:00", "00:00", "00:00", "00:10"]


def test_too_many_failed_indexes_end_the_job() -> None:
    outcomes = {"kplan.dev/outcome": "Running", "kplan.dev/outcome-by-index": '{"0": "Failed", "1": "Failed"}'}
    made = cluster(job(outcomes, **INDEXED, backoffLimitPerIndex=0, maxFailedIndexes=1))
    assert conditions(made)["Failed"] == "MaxFailedIndexesExceeded"
    assert status(made)["failedIndexes"] == "0,1"


@pytest.mark.parametrize(
    ("action", "reason", "failed"),
    [("FailJob", "PodFailurePolicy", 3), ("FailIndex", "FailedIndexes", 1)],
)
def test_a_pod_failure_policy_decides_by_exit_code(action: str, reason: str, failed: int) -> None:
    outcomes = {"kplan.dev/outcome-by-index": '{"1": "Failed"}', "kplan.dev/exit-code": "42", **({} if action == "FailIndex" else RUNNING)}
    policy = {"rules": [{"action": action, "onExitCodes": {"operator": "In", "values": [42]}}]}
    extra: Object = {"backoffLimitPerIndex": 3} if action == "FailIndex" else {}
    made = cluster(job(outcomes, **INDEXED, podFailurePolicy=policy, **extra))
    assert conditions(made)["Failed"] == reason
    assert status(made)["failed"] == failed
    if action == "FailJob":
        assert "failed with exit code 42 matching FailJob rule at index 0" in said(made, reason)[0]


def test_ignored_failures_do_not_count() -> None:
    policy = {"rules": [{"action": "Ignore", "onExitCodes": {"operator": "NotIn", "values": [7]}}]}
    made = cluster(job(FAILING, backoffLimit=0, podFailurePolicy=policy), quiet=15)
    assert "failed" not in status(made) and conditions(made) == {}
    assert len(made.objects("Pod")) >= 2


def test_a_success_policy_ends_the_job_early() -> None:
    outcomes = {**RUNNING, "kplan.dev/outcome-by-index": '{"0": "Succeeded"}'}
    made = cluster(job(outcomes, **INDEXED, successPolicy={"rules": [{"succeededIndexes": "0"}]}))
    assert conditions(made) == {"SuccessCriteriaMet": "SuccessPolicy", "Complete": "SuccessPolicy"}
    assert [p["metadata"]["generateName"] for p in made.objects("Pod")] == ["work-0-"]
    assert "failed" not in status(made)


def test_suspended_jobs_have_no_pods_and_start_anew() -> None:
    made = cluster(job(RUNNING, parallelism=2, completions=2))
    made.patch(JOB, {"spec": {"suspend": True}}, type="merge")
    made.run()
    assert made.objects("Pod") == [] and "startTime" not in status(made) and "failed" not in status(made)
    assert conditions(made) == {"Suspended": "JobSuspended"}
    made.patch(JOB, {"spec": {"suspend": False}}, type="merge")
    made.run()
    assert status(made)["active"] == 2 and "startTime" in status(made)
    assert said(made, "Suspended") == ["Job suspended"] and said(made, "Resumed") == ["Job resumed"]


@pytest.mark.parametrize(("policy", "running"), [("TerminatingOrFailed", 1), ("Failed", 0)])
def test_when_a_pod_on_its_way_out_is_replaced(policy: str, running: int) -> None:
    made = cluster(job({**RUNNING, "kplan.dev/deletion": "hang"}, podReplacementPolicy=policy))
    made.delete(made.objects("Pod")[0])
    made.run(quiet=15)
    assert status(made).get("active", 0) == running
    assert status(made)["terminating"] == 1
    assert len(made.objects("Pod")) == 1 + running


def test_indexed_jobs_grow_and_shrink() -> None:
    made = cluster(job(RUNNING, **INDEXED))
    made.patch(JOB, {"spec": {"parallelism": 2, "completions": 2}}, type="merge")
    made.run()
    assert [p["metadata"]["generateName"] for p in made.objects("Pod")] == ["work-0-", "work-1-"]
    made.patch(JOB, {"spec": {"parallelism": 4, "completions": 4}}, type="merge")
    made.run()
    assert status(made)["active"] == 4


def test_jobs_of_other_controllers_are_left_alone() -> None:
    made = cluster(job(managedBy="example.com/queue"))
    assert made.objects("Pod") == [] and status(made) == {}


def test_pods_that_match_are_adopted_and_let_go_with_the_job() -> None:
    meta = {"name": "loose", "labels": {"app": "work"}, "annotations": RUNNING}
    loose = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    made = cluster(loose, job(RUNNING, parallelism=2, completions=2, manualSelector=True, selector={"matchLabels": {"app": "work"}}))
    adopted = made.get({"apiVersion": "v1", "kind": "Pod", "name": "loose"})
    assert adopted is not None and adopted["metadata"]["finalizers"] == [TRACKING]
    assert adopted["metadata"]["ownerReferences"][0]["name"] == "work"
    assert len(made.objects("Pod")) == 2
    made.delete(JOB, propagation="Orphan")
    made.run()
    assert len(made.objects("Pod")) == 2
    assert all("finalizers" not in p["metadata"] and "ownerReferences" not in p["metadata"] for p in made.objects("Pod"))


def test_refused_pods_are_told_and_tried_again() -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}}
    made = cluster(quota, job(RUNNING, parallelism=3, completions=3))
    assert status(made)["active"] == 1
    assert "exceeded quota: q" in said(made, "FailedCreate")[0]
    made.patch({"apiVersion": "v1", "kind": "ResourceQuota", "name": "q"}, {"spec": {"hard": {"pods": "9"}}}, type="merge")
    made.run(quiet=60)
    assert status(made)["active"] == 3
