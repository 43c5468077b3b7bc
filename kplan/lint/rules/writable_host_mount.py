"""The node's directories, writable."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("writable-host-mount", Severity.WARNING, WORKLOADS, profile="security")
def writable_host_mount(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container can write to a directory of its node.

    Why: a file in the right place makes it root of the node.
    Example: a hostPath volume mounted without `readOnly: true`.
    Fix: mount it read-only, or use another volume.
    Upstream: kube-linter writable-host-mount.
    """
    pods = context.pods(ref)
    paths = {v["name"]: v["hostPath"].get("path") for v in pods.spec.get("volumes") or () if v.get("hostPath")}
    for c in pods.containers if paths else ():
        for i, mount in enumerate(c.data.get("volumeMounts") or ()):
            if mount["name"] in paths and not mount.get("readOnly"):
                message = f"{c.title} can write to {paths[mount['name']]} of its node"
                yield Finding(f"{c.path}.volumeMounts[{i}]", message, "set readOnly: true")
