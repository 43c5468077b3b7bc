"""Rules of pod specs, each with the message that the server gives."""

import pytest
from make_pods import container, errors, made

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
MOUNTS = [{"name": "v", "mountPath": "/v"}]

WRONG = [
    ({"containers": []}, ["spec.containers: Required value"]),
    ({"containers": container(name="A")}, [f'spec.containers[0].name: Invalid value: "A": {LABEL}']),
    ({"containers": container() + container()}, ['spec.containers[1].name: Duplicate value: "app"']),
    ({"containers": container(image="")}, ["spec.containers[0].image: Required value"]),
    ({"containers": container(image=" x ")}, ['spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace']),
    (
        {"containers": container(imagePullPolicy="x<y")},
        ['spec.containers[0].imagePullPolicy: Unsupported value: "x\\u003cy": supported values: "Always", "IfNotPresent", "Never"'],
    ),
    ({"containers": container(ports=[{"containerPort": 0}])}, ["spec.containers[0].ports[0].containerPort: Required value"]),
    (
        {"containers": container(ports=[{"containerPort": 1, "hostPort": 5}, {"containerPort": 2, "hostPort": 5}])},
        ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//5"'],
    ),
    ({"containers": container(volumeMounts=MOUNTS)}, ['spec.containers[0].volumeMounts[0].name: Not found: "v"']),
    (
        {"containers": container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.replicas"}}}])},
        [
            (
                'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.replicas": '
                "error converting fieldPath: field label not supported: spec.replicas"
            )
        ],
    ),
    (
        {"containers": container(env=[{"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}])},
        ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ),
    ({"containers": container(livenessProbe={})}, ["spec.containers[0].livenessProbe: Required value: must specify a handler type"]),
    (
        {"containers": container(livenessProbe={"tcpSocket": {"port": 80}, "successThreshold": 2})},
        ["spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"],
    ),
    (
        {"containers": container(lifecycle={"preStop": {"sleep": {"seconds": 31}}})},
        ["spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"],
    ),
    (
        {"containers": container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})},
        ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ),
    (
        {"containers": container(resources={"requests": {"example.com/gpu": "1"}})},
        ["spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"],
    ),
    (
        {"containers": container(resources={"limits": {"hugepages-2Mi": "3Mi", "cpu": "1"}})},
        [
            'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
            'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
        ],
    ),
    (
        {"containers": container(resources={"claims": [{"name": "gpu"}]})},
        ['spec.containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty'],
    ),
    (
        {"containers": container(securityContext={"privileged": True, "allowPrivilegeEscalation": False})},
        [
            (
                'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,'
                '"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,'
                '"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true'
            )
        ],
    ),
    (
        {"initContainers": [{"name": "i", "image": "i", "livenessProbe": {"exec": {"command": ["a"]}}}]},
        ["spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always"],
    ),
    ({"initContainers": [{"name": "app", "image": "i"}]}, ['spec.initContainers[0].name: Duplicate value: "app"']),
    ({"ephemeralContainers": [{"name": "e", "image": "e"}]}, ["spec.ephemeralContainers: Forbidden: cannot be set on create"]),
    (
        {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/a"}, "cephfs": {"monitors": ["m"]}}]},
        [
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
            "spec.volumes[0].cephFS: Forbidden: may not specify more than 1 volume type",
        ],
    ),
    ({"volumes": [{"name": "v", "gcePersistentDisk": {"pdName": ""}}]}, ["spec.volumes[0].persistentDisk.pdName: Required value"]),
    (
        {"volumes": [{"name": "v", "configMap": {"name": "c", "items": [{"key": "k", "path": "../x"}]}}]},
        ["spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'"],
    ),
    (
        {"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]},
        [
            "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required",
            "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
        ],
    ),
    (
        {"volumes": [{"name": "v", "iscsi": {"targetPortal": "p", "iqn": "iqn.bad", "lun": 256}}]},
        [
            'spec.volumes[0].iscsi.iqn: Invalid value: "iqn.bad": must be valid format',
            "spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
        ],
    ),
    ({"restartPolicy": "Sometimes"}, ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"']),
    ({"dnsPolicy": "None"}, ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
    ({"activeDeadlineSeconds": 0}, ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"]),
    (
        {"tolerations": [{"operator": "Equal"}]},
        [('spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"')],
    ),
    (
        {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}},
        [
            (
                "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: "
                "Required value: must have at least one node selector term"
            )
        ],
    ),
    (
        {"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 2}]},
        [
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway",
        ],
    ),
    ({"hostUsers": False, "hostPID": True}, ["spec.HostPID: Forbidden: when `hostUsers` is false"]),
    ({"os": {"name": "windows"}, "hostPID": True}, ["spec.hostPID: Forbidden: cannot be set for a windows pod"]),
    ({"os": {"name": "plan9"}}, ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']),
    (
        {"securityContext": {"sysctls": [{"name": "net/ipv4.conf", "value": "1"}]}, "hostNetwork": True},
        ["spec.securityContext.sysctls[0].name: Invalid value: \"net/ipv4.conf\": may not be specified when 'hostNetwork' is true"],
    ),
    (
        {"resourceClaims": [{"name": "c"}]},
        [
            (
                'spec.resourceClaims[0]: Invalid value: {"Name":"c","ResourceClaimName":null,"ResourceClaimTemplateName":null}: '
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            )
        ],
    ),
    ({"nodeName": "n", "schedulingGates": [{"name": "a.b/c"}]}, ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"]),
    (
        {"resources": {"limits": {"cpu": "1"}}, "containers": container(resources={"limits": {"cpu": "2"}, "requests": {"cpu": "1"}})},
        ['spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1'],
    ),
]


@pytest.mark.parametrize(("spec", "expected"), WRONG, ids=[e[0].partition(":")[0] for _, e in WRONG])
def test_what_is_wrong(spec, expected):
    assert errors(made(**spec)) == expected


RIGHT = [
    {},
    {"containers": container(env=[{"name": "with space", "value": "1"}])},
    {
        "volumes": [{"name": "v"}],
        "containers": container(securityContext={"privileged": True}, volumeMounts=[{**MOUNTS[0], "mountPropagation": "Bidirectional"}]),
    },
    {"containers": container(restartPolicy="Never", restartPolicyRules=[{"action": "Restart", "exitCodes": {"operator": "In", "values": [1]}}])},
    {"initContainers": [{"name": "s", "image": "s", "restartPolicy": "Always", "startupProbe": {"exec": {"command": ["a"]}}}]},
    {"hostNetwork": True, "containers": container(ports=[{"containerPort": 80}])},
    {"dnsConfig": {"searches": [".", "_srv.example.com."]}},
    {"securityContext": {"windowsOptions": {"hostProcess": True, "runAsUserName": "NT AUTHORITY\\SYSTEM"}}, "hostNetwork": True},
]


@pytest.mark.parametrize("spec", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right(spec):
    assert errors(made(**spec)) == []


def test_annotations_that_fields_replaced_must_agree_with_them():
    annotations = {
        "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
        "controller.kubernetes.io/pod-deletion-cost": "+1",
        "container.apparmor.security.beta.kubernetes.io/other": "bogus",
    }
    assert errors(made({"annotations": annotations}, securityContext={"seccompProfile": {"type": "RuntimeDefault"}})) == [
        'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "other": container not found',
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "bogus": invalid AppArmor profile name: "bogus"',
        "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
    ]


def test_seccomp_annotations_are_looked_at_before_those_of_apparmor():
    """Upstream: ValidatePodSpecificAnnotations calls ValidateSeccompPodAnnotations, then ValidateAppArmorPodAnnotations."""
    annotations = {"container.apparmor.security.beta.kubernetes.io/other": "unconfined", "container.seccomp.security.alpha.kubernetes.io/app": "bogus"}
    assert [e.partition(":")[0] for e in errors(made({"annotations": annotations}))[:2]] == [
        "metadata.annotations.container.seccomp.security.alpha.kubernetes.io/app",
        "metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]",
    ]
