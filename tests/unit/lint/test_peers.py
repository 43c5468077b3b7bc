"""The annotations of other linters count for the same checks here."""

from __future__ import annotations

import pytest

from kplan.lint.engine import Options, lint
from kplan.lint.peers import BY_THE_SERVER, LEFT_OUT, checks
from kplan.lint.rules import RULES
from kplan.manifests.sources import load

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {%s}}\nspec: {containers: [{name: web, image: nginx}]}\n"

# Every built-in check of these linters.
KUBE_LINTER = """
    access-to-create-pods access-to-secrets cluster-admin-role-binding dangling-horizontalpodautoscaler dangling-ingress dangling-networkpolicy
    dangling-networkpolicypeer-podselector dangling-service dangling-servicemonitor default-service-account deprecated-service-account-field
    dnsconfig-options docker-sock drop-net-raw-capability duplicate-env-var env-value-from env-var-secret exposed-services host-ipc host-network
    host-pid hpa-minimum-three-replicas invalid-target-ports job-ttl-seconds-after-finished latest-tag liveness-port minimum-three-replicas
    mismatching-selector no-anti-affinity no-extensions-v1beta no-liveness-probe no-node-affinity no-read-only-root-fs no-readiness-probe
    no-rolling-update-strategy non-existent-service-account non-isolated-pod pdb-max-unavailable pdb-min-available pdb-unhealthy-pod-eviction-policy
    priority-class-name privilege-escalation-container privileged-container privileged-ports read-secret-from-env-var readiness-port
    required-annotation-email required-label-owner restart-policy run-as-non-root scc-deny-privileged-container schema-validation
    sensitive-host-mounts sorted-keys ssh-port startup-port unsafe-proc-mount unsafe-sysctls unset-cpu-requirements unset-memory-requirements
    use-namespace wildcard-in-rules writable-host-mount
"""
KUBE_SCORE = """
    container-cpu-requests-equal-limits container-ephemeral-storage-request-and-limit container-ephemeral-storage-request-equals-limit
    container-image-pull-policy container-image-tag container-memory-requests-equal-limits container-ports-check
    container-resource-requests-equal-limits container-resources container-seccomp-profile container-security-context-privileged
    container-security-context-readonlyrootfilesystem container-security-context-user-group-id cronjob-has-deadline cronjob-restartpolicy
    deployment-has-host-podantiaffinity deployment-has-poddisruptionbudget deployment-pod-selector-labels-match-template-metadata-labels
    deployment-replicas deployment-strategy deployment-targeted-by-hpa-does-not-have-replicas-configured environment-variable-key-duplication
    horizontalpodautoscaler-has-target horizontalpodautoscaler-replicas ingress-targets-service label-values networkpolicy-targets-pod
    pod-networkpolicy pod-probes pod-probes-identical pod-topology-spread-constraints poddisruptionbudget-has-policy service-targets-pod service-type
    stable-version statefulset-has-host-podantiaffinity statefulset-has-poddisruptionbudget statefulset-has-servicename
    statefulset-pod-selector-labels-match-template-metadata-labels
"""
POLARIS = """
    automountServiceAccountToken clusterrolePodExecAttach clusterrolebindingClusterAdmin clusterrolebindingPodExecAttach cpuLimitsMissing
    cpuRequestsMissing dangerousCapabilities deploymentMissingReplicas hostIPCSet hostNetworkSet hostPIDSet hostPathSet hostPortSet hostProcess
    hpaMaxAvailability hpaMinAvailability insecureCapabilities linuxHardening livenessProbeMissing memoryLimitsMissing memoryRequestsMissing
    metadataAndInstanceMismatched missingNetworkPolicy missingPodDisruptionBudget notReadOnlyRootFilesystem pdbDisruptionsIsZero
    pdbMinAvailableGreaterThanHPAMinReplicas priorityClassNotSet privilegeEscalationAllowed procMount pullPolicyNotAlways readinessProbeMissing
    rolePodExecAttach rolebindingClusterAdminClusterRole rolebindingClusterAdminRole rolebindingClusterRolePodExecAttach rolebindingRolePodExecAttach
    runAsPrivileged runAsRootAllowed sensitiveConfigmapContent sensitiveContainerEnvVar tagNotSpecified tlsSettingsMissing topologySpreadConstraint
"""
OF_OTHERS = [(tool, name) for tool, names in (("kube-linter", KUBE_LINTER), ("kube-score", KUBE_SCORE), ("Polaris", POLARIS)) for name in names.split()]


def rules(annotation: str) -> set[str]:
    """What is found in a pod with an annotation."""
    found = lint(load(["-"], stdin=POD % annotation), Options(select=("latest-tag", "host-network", "no-read-only-root-fs"))).diagnostics
    return {d.rule for d in found}


@pytest.mark.parametrize(
    ("annotation", "left"),
    [
        ("", {"latest-tag", "no-read-only-root-fs"}),
        ("ignore.kplan.dev/latest-tag: pinned elsewhere", {"no-read-only-root-fs"}),
        ("ignore-check.kube-linter.io/latest-tag: pinned elsewhere", {"no-read-only-root-fs"}),
        ("kube-linter.io/ignore-all: because", set()),
        ('kube-score/ignore: "container-image-tag,container-security-context-readonlyrootfilesystem"', set()),
        ('polaris.fairwinds.com/tagNotSpecified-exempt: "true"', {"no-read-only-root-fs"}),
        ('polaris.fairwinds.com/tagNotSpecified-exempt: "false"', {"latest-tag", "no-read-only-root-fs"}),
        ('polaris.fairwinds.com/exempt: "true"', set()),
        ("ignore.kplan.dev/host-network: not needed", {"latest-tag", "no-read-only-root-fs", "unused-suppression"}),
        ("ignore-check.kube-linter.io/host-network: for another linter", {"latest-tag", "no-read-only-root-fs"}),
    ],
)
def test_annotations_count(annotation: str, left: set[str]) -> None:
    assert rules(annotation) == left


def test_what_others_check_is_a_rule_or_the_servers() -> None:
    names = {r.name for r in RULES}
    for key, found in checks(RULES).items():
        assert found
        assert all(n in names or key in BY_THE_SERVER for n in found)


def test_a_check_that_several_rules_share_names_all() -> None:
    assert set(checks(RULES)["kube-score", "container-resources"]) >= {"unset-cpu-requirements", "unset-memory-requests"}
    assert checks(RULES)["kube-linter", "env-value-from"] == ("dangling-reference",)


def test_whatever_others_check_is_checked_here_or_left_out_for_a_reason() -> None:
    known = checks(RULES)
    assert len(OF_OTHERS) == 63 + 39 + 44
    assert not [check for check in OF_OTHERS if check not in known and check not in LEFT_OUT]
    assert not [check for check in known if check not in OF_OTHERS], "named after a check that nobody has"
    assert not LEFT_OUT.keys() & known.keys()
