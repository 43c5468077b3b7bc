"""Directories that hold the node itself."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("sensitive-host-mounts", Severity.WARNING, WORKLOADS, profile="security")
def sensitive_host_mounts(
    ref: Ref,
    obj: Object,
    context: Context,
    *,
    directories: tuple[str, ...] = ("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", "/root", "/var/lib/kubelet"),
) -> Iterator[Finding]:
    """A volume is a directory of the node that its safety rests on.

    Why: who can write there owns the node, who can read there has its keys.
    Example: `hostPath: {path: /etc}`.
    Fix: mount only the file that is needed, read-only.
    Upstream: kube-linter sensitive-host-mounts.
    """
    pods = context.pods(ref)
    for i, volume in enumerate(pods.spec.get("volumes") or ()):
        path = (volume.get("hostPath") or {}).get("path")
        if path and (path.rstrip("/") or "/") in directories:
            yield Finding(f"{pods.path}.volumes[{i}].hostPath.path", f'volume "{volume["name"]}" is {path} of the node', "mount only what is needed")
