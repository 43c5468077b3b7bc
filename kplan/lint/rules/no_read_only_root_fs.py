"""Containers that can write into their image."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("no-read-only-root-fs", Severity.WARNING, WORKLOADS, profile="security")
def no_read_only_root_fs(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The root filesystem of a container is writable.

    Why: whoever gets in can leave programs there; and what the application writes there is lost and fills the node's disk.
    Example: a container without `readOnlyRootFilesystem: true`.
    Fix: set it, and mount an emptyDir where the program must write.
    Upstream: kube-linter no-read-only-root-fs, kube-score container-security-context-readonlyrootfilesystem, Polaris notReadOnlyRootFilesystem.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        if not c.security.get("readOnlyRootFilesystem"):
            path = f"{c.path}.securityContext.readOnlyRootFilesystem"
            yield Finding(path, f"the root filesystem of {c.title} is writable", "set readOnlyRootFilesystem: true")
