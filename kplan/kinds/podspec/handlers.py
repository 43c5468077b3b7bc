"""Probes, lifecycle hooks and restart rules of containers.

Upstream: validateProbe, validateHandler, validateLifecycle and validateContainerRestartPolicy in
pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.api import names
from kplan.api.field import FieldErrors, forbidden, invalid, not_supported, required, too_many
from kplan.api.objects import Object
from kplan.kinds.checks import typed
from kplan.kinds.podspec.values import each, validate_nonnegative_field

SCHEMES = ("HTTP", "HTTPS")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
EXIT_CODE_OPERATORS = ("In", "NotIn")
RESTART_RULE_ACTIONS = ("Restart", "RestartAllContainers")
WINDOWS_SIGNALS = ("SIGKILL", "SIGTERM")
LINUX_SIGNALS = tuple(
    f"SIG{name}"
    for name in sorted(
        (
            *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR", "QUIT"),
            *("SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"),
            *("RTMIN", "RTMAX", *(f"RTMIN+{n}" for n in range(1, 16)), *(f"RTMAX-{n}" for n in range(1, 15))),
        )
    )
)
ONE_HANDLER = "may not specify more than 1 handler type"
COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def validate_port_num_or_name(port: int | str, path: str) -> FieldErrors:
    """A port by number or by name."""
    if isinstance(port, str):
        yield from each(path, port, names.is_valid_port_name(port))
    else:
        for message in names.is_valid_port_num(port):
            yield invalid(path, port, message)


def _validate_http_get(action: Object, path: str) -> FieldErrors:
    scheme = action.get("scheme", "")
    if not action.get("path"):
        yield required(f"{path}.path")
    yield from validate_port_num_or_name(action.get("port", 0), f"{path}.port")
    if scheme not in SCHEMES:
        yield not_supported(f"{path}.scheme", typed(scheme), SCHEMES)
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        yield from each(f"{path}.httpHeaders", name, names.is_http_header_name(name))


def _validate_sleep(action: Object, grace: int | None, path: str) -> FieldErrors:
    seconds = action.get("seconds", 0)
    if grace is not None and not 0 <= seconds <= grace:
        yield invalid(path, seconds, f"must be non-negative and less than terminationGracePeriodSeconds ({grace})")


def validate_handler(handler: Object, grace: int | None, path: str) -> FieldErrors:
    """What a probe or hook does: one thing exactly. `grace` is the pod's grace period in seconds."""
    kinds = [kind for kind in ("exec", "httpGet", "tcpSocket", "grpc", "sleep") if handler.get(kind) is not None]
    if not kinds:
        yield required(path, "must specify a handler type")
        return
    kind = kinds[0]
    action, at = handler[kind], f"{path}.{kind}"
    if kind == "exec":
        if not action.get("command"):
            yield required(f"{at}.command")
    elif kind == "httpGet":
        yield from _validate_http_get(action, at)
    elif kind == "sleep":
        yield from _validate_sleep(action, grace, at)
    else:
        yield from validate_port_num_or_name(action.get("port", 0), f"{at}.port")
    for more in kinds[1:]:
        yield forbidden(f"{path}.{more}", ONE_HANDLER)


def validate_probe(probe: Object, grace: int | None, path: str) -> FieldErrors:
    """What all probes have in common."""
    yield from validate_handler(probe, grace, path)
    for field in COUNTS:
        if probe.get(field, 0) < 0:
            yield from validate_nonnegative_field(probe[field], f"{path}.{field}")
    own_grace = probe.get("terminationGracePeriodSeconds")
    if own_grace is not None and own_grace <= 0:
        yield invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be greater than 0")


def validate_probes(container: Object, grace: int | None, path: str) -> FieldErrors:
    """Liveness, readiness and startup probe of a container."""
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(kind)
        if probe is None:
            continue
        at = f"{path}.{kind}"
        yield from validate_probe(probe, grace, at)
        if kind == "readinessProbe":
            if probe.get("terminationGracePeriodSeconds") is not None:
                yield invalid(f"{at}.terminationGracePeriodSeconds", probe["terminationGracePeriodSeconds"], "must not be set for readinessProbes")
        elif probe.get("successThreshold", 0) != 1:
            yield invalid(f"{at}.successThreshold", probe.get("successThreshold", 0), "must be 1")


def validate_lifecycle(lifecycle: Object, grace: int | None, path: str, os: Object | None) -> FieldErrors:
    """Hooks after start and before stop, and the signal that stops."""
    for hook in ("postStart", "preStop"):
        if lifecycle.get(hook) is not None:
            yield from validate_handler(lifecycle[hook], grace, f"{path}.{hook}")
    signal = lifecycle.get("stopSignal")
    if signal is None:
        return
    if os is None:
        yield forbidden(f"{path}.stopSignal", "may not be set for containers with empty `spec.os.name`")
    for name, signals in (("windows", WINDOWS_SIGNALS), ("linux", LINUX_SIGNALS)):
        if os is not None and os.get("name") == name and signal not in signals:
            yield not_supported(f"{path}.stopSignal", typed(signal), signals)


def validate_container_restart_policy(policy: str | None, rules: Sequence[Object], path: str) -> FieldErrors:
    """A container's own restart policy, which its restart rules need."""
    if policy is None:
        if not rules:
            return
        yield required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    elif policy not in RESTART_POLICIES:
        yield not_supported(f"{path}.restartPolicy", typed(policy), RESTART_POLICIES)
    if len(rules) > 20:
        yield too_many(f"{path}.restartPolicyRules", len(rules), 20)
    for i, rule in enumerate(rules):
        at = f"{path}.restartPolicyRules[{i}]"
        action, codes = rule.get("action", ""), rule.get("exitCodes")
        if action not in RESTART_RULE_ACTIONS:
            yield not_supported(f"{at}.action", typed(action), RESTART_RULE_ACTIONS)
        if codes is None:
            yield required(f"{at}.exitCodes", "must be specified")
            continue
        operator, values = codes.get("operator", ""), codes.get("values") or ()
        if operator not in EXIT_CODE_OPERATORS:
            yield not_supported(f"{at}.exitCodes.operator", typed(operator), EXIT_CODE_OPERATORS)
        if len(values) > 255:
            yield too_many(f"{at}.exitCodes.values", len(values), 255)


def validate_init_container_restart_policy(policy: str | None, rules: Sequence[Object], path: str) -> FieldErrors:
    """The same of an init container: without a policy, its rules are not looked at."""
    if policy is None:
        if rules:
            yield required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
        return
    yield from validate_container_restart_policy(policy, rules, path)
