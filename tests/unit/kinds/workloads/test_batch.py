"""Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

import pytest
from workload_objects import POD, created, job, kind_of, refusals, updated, with_status

from kplan.kinds.jobpolicies import IndexesError, count_indexes
from kplan.kinds.jobstatus import overlap

UID, NAME = "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"


def cron(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "c"},
        "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}}, **spec},
    }


def test_a_job_selects_by_its_uid() -> None:
    stored = created(job())
    labels = {"controller-uid": "u-1", "job-name": "j", UID: "u-1", NAME: "j"}
    assert stored["spec"]["selector"] == {"matchLabels": {UID: "u-1"}}
    assert stored["spec"]["template"]["metadata"]["labels"] == labels
    assert stored["metadata"]["labels"] == labels


def test_labels_of_the_template_become_the_jobs() -> None:
    obj = job()
    obj["spec"]["template"]["metadata"] = {"labels": {"a": "b"}}
    stored = created(obj)
    assert stored["metadata"]["labels"] == stored["spec"]["template"]["metadata"]["labels"]
    assert stored["metadata"]["labels"].keys() == {"a", "controller-uid", "job-name", UID, NAME}


def test_a_manual_selector_is_left_alone() -> None:
    obj = job(manualSelector=True, selector={"matchLabels": {"a": "b"}})
    obj["spec"]["template"]["metadata"] = {"labels": {"a": "b"}}
    assert created(obj)["spec"]["selector"] == {"matchLabels": {"a": "b"}}


@pytest.mark.parametrize(
    ("spec", "default"),
    [
        ({}, {"completions": 1, "parallelism": 1, "backoffLimit": 6, "podReplacementPolicy": "TerminatingOrFailed"}),
        ({"parallelism": 3}, {"parallelism": 3}),
        ({"completionMode": "Indexed", "completions": 2, "backoffLimitPerIndex": 1}, {"backoffLimit": 2147483647}),
        (
            {"podFailurePolicy": {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}},
            {
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]},
            },
        ),
    ],
)
def test_job_defaults(spec: dict[str, Any], default: dict[str, Any]) -> None:
    stored = created(job(**spec))["spec"]
    assert {k: stored.get(k) for k in default} == default
    assert ("completions" in stored) == ("completions" in spec or not spec.get("parallelism"))


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"completionMode": "Indexed", "parallelism": 1}, ["spec.completions: Required value: when completion mode is Indexed"]),
        ({"backoffLimitPerIndex": 1}, ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"]),
        ({"managedBy": "me"}, ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']),
        ({"podReplacementPolicy": "Now"}, ['spec.podReplacementPolicy: Unsupported value: "Now": supported values: "Failed", "TerminatingOrFailed"']),
        (
            {"successPolicy": {"rules": [{"succeededCount": 1}]}},
            ['spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode'],
        ),
        (
            {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3, 0, 3]}}]}},
            [
                "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator",
                "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3",
                "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered",
            ],
        ),
        (
            {"podFailurePolicy": {"rules": [{"action": "FailIndex"}]}},
            [
                'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
                "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
            ],
        ),
    ],
)
def test_job_refusals(spec: dict[str, Any], errors: list[str]) -> None:
    assert refusals(job(**spec)) == errors


def test_high_completions_bound_the_rest() -> None:
    spec = {"completionMode": "Indexed", "completions": 100_001, "parallelism": 10_001, "backoffLimitPerIndex": 1, "maxFailedIndexes": 10_001}
    limit = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index"
    assert refusals(job(**spec)) == [f"spec.parallelism: Invalid value: 10001: {limit}", f"spec.maxFailedIndexes: Invalid value: 10001: {limit}"]
    (warning,) = kind_of(job()).warnings(created(job(completionMode="Indexed", completions=100_001, parallelism=10_001)))
    assert warning.startswith("spec: In Indexed Jobs with a number of completions higher than 10^5")


def test_the_last_index_must_make_a_hostname() -> None:
    obj = job(completionMode="Indexed", completions=11)
    obj["metadata"]["name"] = "j" * 61
    (error,) = refusals(obj)
    assert error.endswith(f"will not able to create pod with invalid DNS label: {'j' * 61}-10")


@pytest.mark.parametrize(("text", "count"), [("", 0), ("1", 1), ("0,2-4", 4), ("+1", 1)])
def test_indexes(text: str, count: int) -> None:
    assert count_indexes(text, 5) == count


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("5", 'too large index: "5"'),
        ("1-2-3", 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''),
        ("2,1", "non-increasing order, previous: 2, current: 1"),
        ("2-2", "non-increasing order, previous: 2, current: 2"),
        ("x", 'cannot convert string to integer for index: "x"'),
        ("-1", 'cannot convert string to integer for index: ""'),
    ],
)
def test_bad_indexes(text: str, why: str) -> None:
    with pytest.raises(IndexesError) as error:
        count_indexes(text, 5)
    assert str(error.value) == why


def test_overlapping_indexes() -> None:
    assert overlap("0-3,7", "5-7", 10) == 7
    assert overlap("0-3,8", "4-7", 10) is None
    assert overlap("0,x,3", "3", 10) == 3


def test_a_running_jobs_template_stays() -> None:
    old = created(job())
    changed = job()
    changed["spec"] = {**old["spec"], "template": {**old["spec"]["template"], "spec": {**old["spec"]["template"]["spec"], "nodeSelector": {"a": "b"}}}}
    _, errors = updated(old, changed)
    assert len(errors) == 1
    assert errors[0].startswith('spec.template: Invalid value: {"labels":{')
    assert errors[0].endswith("field is immutable")


@pytest.mark.parametrize(
    ("pod", "allowed"),
    [
        ({"nodeSelector": {"a": "b"}}, True),
        ({"tolerations": [{"operator": "Exists"}]}, True),
        ({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}}, True),
        ({"containers": [{**POD["containers"][0], "resources": {"requests": {"cpu": "1"}}}]}, True),
        ({"containers": [{"name": "c", "image": "example/c:2"}]}, False),
        ({"priorityClassName": "high"}, False),
    ],
)
def test_a_suspended_jobs_template_may_change_in_part(pod: dict[str, Any], allowed: bool) -> None:
    old = created(job(suspend=True))
    changed = job(suspend=True)
    template = old["spec"]["template"]
    changed["spec"] = {**old["spec"], "template": {**template, "spec": {**template["spec"], **pod}}}
    _, errors = updated(old, changed)
    assert (errors == []) is allowed
    started = {**old, "status": {"startTime": "2026-01-01T00:00:00Z"}}
    assert updated(started, changed)[1] != []


def test_completions_of_indexed_jobs_change_with_parallelism() -> None:
    old = created(job(completionMode="Indexed", completions=2, parallelism=2))
    base = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}}
    assert updated(old, {**base, "spec": {**old["spec"], "completions": 3, "parallelism": 3}})[1] == []
    _, errors = updated(old, {**base, "spec": {**old["spec"], "completions": 3}})
    assert errors == ["spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism"]


def condition(kind: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status}


START, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
DONE = {"startTime": START, "completionTime": LATER, "succeeded": 1, "conditions": [condition("SuccessCriteriaMet"), condition("Complete")]}


@pytest.mark.parametrize(
    ("was", "status", "errors"),
    [
        ({"startTime": START}, DONE, []),
        (
            {"startTime": START},
            {"startTime": START, "completionTime": LATER, "conditions": [condition("Complete")]},
            ["status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition"],
        ),
        (
            {"startTime": START},
            {"startTime": START, "conditions": [condition("Failed")]},
            ["status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition"],
        ),
        ({"failed": 2}, {"failed": 1}, ["status.failed: Invalid value: 1: cannot decrease the failed counter"]),
        ({"startTime": START}, {"startTime": LATER}, [f'status.startTime: Invalid value: "{LATER}": field is immutable for unsuspended job once set']),
        ({}, {"ready": 2, "active": 1}, ["status.ready: Invalid value: 2: cannot set more ready pods than active"]),
        (
            {},
            {"uncountedTerminatedPods": {"succeeded": ["a"], "failed": ["a", ""]}},
            [
                'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
                'status.uncountedTerminatedPods.failed[1]: Invalid value: "": must not be empty',
            ],
        ),
        (
            {},
            {"completedIndexes": "0"},
            ['status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode'],
        ),
    ],
)
def test_job_status(was: dict[str, Any], status: dict[str, Any], errors: list[str]) -> None:
    assert with_status({**created(job()), "status": was}, status) == errors


def test_terminal_conditions_stay() -> None:
    errors = with_status({**created(job()), "status": DONE}, {**DONE, "conditions": []})
    assert "status.conditions: Invalid value: cannot disable the terminal Complete=True condition" in errors
    assert "status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition" in errors


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"schedule": ""}, ["spec.schedule: Required value"]),
        (
            {"schedule": "TZ=UTC 0 * * * *"},
            ['spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
        ),
        ({"timeZone": "Nowhere/At All"}, ['spec.timeZone: Invalid value: "Nowhere/At All": unknown time zone Nowhere/At All']),
        ({"timeZone": ""}, ['spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string']),
        (
            {"timeZone": "local"},
            [
                'spec.timeZone: Invalid value: "local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
                'spec.timeZone: Invalid value: "local": unknown time zone local',
            ],
        ),
        ({"concurrencyPolicy": "No"}, ['spec.concurrencyPolicy: Unsupported value: "No": supported values: "Allow", "Forbid", "Replace"']),
        ({"failedJobsHistoryLimit": -1}, ["spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0"]),
    ],
)
def test_cron_job_refusals(spec: dict[str, Any], errors: list[str]) -> None:
    assert refusals(cron(**spec)) == errors


def test_a_cron_jobs_name_leaves_room() -> None:
    obj = cron()
    obj["metadata"]["name"] = "c" * 53
    assert refusals(obj) == [f'metadata.name: Invalid value: "{"c" * 53}": must be no more than 52 characters']


def test_job_templates_have_no_selector() -> None:
    obj = cron()
    obj["spec"]["jobTemplate"]["spec"] |= {"selector": {"matchLabels": {"a": "b"}}, "manualSelector": True}
    assert refusals(obj) == [
        'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ]


def test_a_time_zone_in_a_stored_schedule_is_tolerated_and_warned_of() -> None:
    old = created(cron())
    old = {**old, "spec": {**old["spec"], "schedule": "TZ=UTC 0 * * * *"}}
    new, errors = updated(old, cron(schedule="TZ=UTC 1 * * * *"))
    assert errors == []
    assert [w[:36] for w in kind_of(new).update_warnings(new, old)] == ["cannot use TZ or CRON_TZ in spec.spe"]
