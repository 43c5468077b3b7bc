"""The runtime's socket in a pod."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule

SOCKETS = ("docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock", "podman.sock")


@rule("docker-sock", Severity.WARNING, WORKLOADS, profile="security")
def docker_sock(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A pod gets the socket of the container runtime.

    Why: who speaks to the runtime can start a privileged container: that is root on the node.
    Example: `hostPath: {path: /var/run/docker.sock}`.
    Fix: build images without the runtime (buildkit, kaniko), ask the API server about containers.
    Upstream: kube-linter docker-sock.
    """
    pods = context.pods(ref)
    for i, volume in enumerate(pods.spec.get("volumes") or ()):
        path = (volume.get("hostPath") or {}).get("path") or ""
        if path.endswith(SOCKETS):
            yield Finding(f"{pods.path}.volumes[{i}].hostPath.path", f'volume "{volume["name"]}" is the socket of the container runtime', "leave it out")
