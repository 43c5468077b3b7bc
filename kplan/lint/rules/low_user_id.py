"""Users that other things on the node may have too."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("low-user-id", Severity.NOTE, WORKLOADS, profile="all")
def low_user_id(ref: Ref, obj: Object, context: Context, *, minimum: int = 10000) -> Iterator[Finding]:
    """A container runs with a user or group id below 10000, or states none.

    Why: low ids are likely to be those of somebody on the node, which matters once a process gets out.
    Example: `runAsUser: 1000`.
    Fix: set `runAsUser` and `runAsGroup` to 10000 or more.
    Upstream: kube-score container-security-context-user-group-id.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        for field in ("runAsUser", "runAsGroup"):
            number = c.security.get(field, pods.security.get(field))
            if number is None or number < minimum:
                shown = "not set" if number is None else f"{number}, below {minimum}"
                yield Finding(f"{c.path}.securityContext.{field}", f"{field} of {c.title} is {shown}", f"set it to {minimum} or more")
