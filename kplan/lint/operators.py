"""Custom resources by what their operators do: whether pods may come to be by their hand."""

from __future__ import annotations

from kplan.kinds import KINDS

BUILT_IN = frozenset(k.group_kind for k in KINDS)
# Custom resources that no operator makes pods of: groups as a whole, and single kinds of others.
PASSIVE = frozenset(
    {
        "acme.cert-manager.io",
        "argoproj.io",
        "autoscaling.k8s.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "cloud.google.com",
        "constraints.gatekeeper.sh",
        "crd.projectcalico.org",
        "elbv2.k8s.aws",
        "external-secrets.io",
        "externaldns.k8s.io",
        "gateway.envoyproxy.io",
        "gateway.networking.k8s.io",
        "karpenter.sh",
        "keda.sh",
        "kyverno.io",
        "linkerd.io",
        "networking.gke.io",
        "networking.istio.io",
        "policy.linkerd.io",
        "projectcalico.org",
        "secrets-store.csi.x-k8s.io",
        "secrets.hashicorp.com",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "telemetry.istio.io",
        "templates.gatekeeper.sh",
        "traefik.containo.us",
        "traefik.io",
    }
)
MONITORS = frozenset(
    f"{kind}.monitoring.coreos.com" for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe", "ScrapeConfig", "AlertmanagerConfig")
)
ACTIVE = frozenset({"Rollout.argoproj.io", "Workflow.argoproj.io", "ArgoCD.argoproj.io"})


def makes_pods(group_kind: str) -> bool:
    """Whether an operator may make pods for objects of a group-kind: custom ones (their groups have a dot) that are not known to be of another sort."""
    group = group_kind.partition(".")[2]
    known = group_kind in BUILT_IN or group_kind in MONITORS or group in PASSIVE
    return group_kind in ACTIVE or ("." in group and not known)
