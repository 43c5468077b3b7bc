"""Directories of the node in pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("host-path", Severity.WARNING, WORKLOADS, profile="all")
def host_path(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A volume is a directory of the node.

    Why: it ties the pod to what one node holds, and opens the node to the pod.
    Example: `hostPath: {path: /var/lib/data}`.
    Fix: use a PersistentVolumeClaim, a local volume or an emptyDir.
    Upstream: Polaris hostPathSet.
    """
    pods = context.pods(ref)
    for i, volume in enumerate(pods.spec.get("volumes") or ()):
        if volume.get("hostPath"):
            yield Finding(f"{pods.path}.volumes[{i}].hostPath", f'volume "{volume["name"]}" is {volume["hostPath"].get("path")} of the node', "use a claim")
