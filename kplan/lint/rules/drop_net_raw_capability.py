"""Containers that can forge packets."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("drop-net-raw-capability", Severity.WARNING, WORKLOADS, profile="security")
def drop_net_raw_capability(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """A container keeps the capability NET_RAW.

    Why: with it a process can forge packets and listen to those of its neighbours.
    Example: `capabilities: {drop: [CHOWN]}`.
    Fix: drop `ALL`, or at least `NET_RAW`.
    Upstream: kube-linter drop-net-raw-capability.
    """
    pods = context.pods(ref)
    for c in () if pods.windows else pods.containers:
        capabilities = c.security.get("capabilities") or {}
        dropped, added = ({x.upper().removeprefix("CAP_") for x in capabilities.get(k) or ()} for k in ("drop", "add"))
        if not dropped & {"ALL", "NET_RAW"} or added & {"ALL", "NET_RAW"}:
            yield Finding(f"{c.path}.securityContext.capabilities", f"{c.title} keeps the capability NET_RAW", "drop ALL or NET_RAW")
