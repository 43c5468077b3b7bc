"""Name look-ups that ask five times."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import LASTING
from kplan.lint.rule import Context, Finding, rule


@rule("dnsconfig-options", Severity.NOTE, LASTING, profile="all")
def dnsconfig_options(ref: Ref, obj: Object, context: Context, *, ndots: int = 2) -> Iterator[Finding]:
    """Pods do not lower the resolver's option ndots.

    Why: with the default of 5 each outside name is asked for in every search domain first.
    Example: no `dnsConfig.options`.
    Fix: `dnsConfig: {options: [{name: ndots, value: "2"}]}`.
    Upstream: kube-linter dnsconfig-options.
    """
    pods = context.pods(ref)
    found = {o.get("name"): o.get("value") for o in (pods.spec.get("dnsConfig") or {}).get("options") or ()}
    if found.get("ndots") != str(ndots):
        yield Finding(f"{pods.path}.dnsConfig", f"ndots is not {ndots}", f"set the option ndots to {ndots}")
