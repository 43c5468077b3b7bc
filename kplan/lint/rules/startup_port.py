"""A startup probe of a port that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.probes import undeclared_ports
from kplan.lint.rule import Context, Finding, rule


@rule("startup-port", Severity.ERROR, WORKLOADS)
def startup_port(ref: Ref, obj: Object, context: Context, *, numbers: bool = False) -> Iterator[Finding]:
    """The startup probe of a container names a port that the container does not declare.

    Why: the kubelet cannot resolve the name, the container is restarted for ever.
    Example: `tcpSocket: {port: htpp}` where the port is called `http`.
    Fix: correct the name. (Numbers need not be declared; with the option `numbers` they must.)
    Upstream: kube-linter startup-port; pkg/probe/util.go of the kubelet.
    """
    return undeclared_ports(context, ref, "startupProbe", numbers)
