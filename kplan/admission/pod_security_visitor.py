"""What the checks of the Pod Security Standards share: what they look at, and the words that they speak in.

Upstream: visitor.go and helpers.go in staging/src/k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kplan.api.objects import Object

Finding = tuple[str, str]  # the reason and the detail of a refusal
Check = Callable[[Object, Object], Finding | None]  # of the metadata and the spec of a pod


def containers_of(spec: Object) -> Iterator[Object]:
    """All containers of a pod: of initialization first, ephemeral ones last."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or ()


def security_context(thing: Object) -> Object:
    """The security context of a pod or container."""
    return thing.get("securityContext") or {}


def quoted(items: Iterable[str]) -> str:
    """Items in quotes, with commas."""
    return ", ".join(f'"{item}"' for item in items)


def plural(singular: str, count: int, plural: str = "") -> str:
    """A word for so many things."""
    return singular if count == 1 else plural or f"{singular}s"


def named(containers: list[str]) -> str:
    """Containers by name, as messages begin."""
    return f"{plural('container', len(containers))} {quoted(containers)}"


def who_sets(pod: bool, containers: list[str]) -> str:
    """Who sets something: the pod, its containers, or both."""
    return " and ".join([*(["pod"] if pod else []), *([named(containers)] if containers else [])])
