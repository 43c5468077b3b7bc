"""Pods to try rules on: decoded, defaulted and prepared as the door does it."""

from __future__ import annotations

from kplan import schema
from kplan.kinds import pod as pods

CONTAINER = {"name": "app", "image": "registry.example/app:1"}


def given(metadata=None, **spec):
    """A Pod as a user writes it, with one container unless `spec` says otherwise."""
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", **(metadata or {})}, "spec": {"containers": [CONTAINER], **spec}}


def made(metadata=None, **spec):
    """The same as the server sees it when it validates it."""
    decoded = schema.decode(given(metadata, **spec), "v1", "Pod")
    assert decoded.error is None, decoded.error
    pod = decoded.object
    pods.default(pod)
    pod["metadata"].update(namespace="default", uid="u", creationTimestamp="2026-01-01T00:00:00Z")
    pods.prepare(pod)
    return pod


def container(**fields):
    """A list with one container that has these fields too."""
    return [{**CONTAINER, **fields}]


def errors(pod):
    """What is wrong with it, as printed."""
    return [str(error) for error in pods.validate(pod)]


def update_errors(old, new):
    """What is wrong with changing `old` into `new`."""
    pods.prepare_update(new, old)
    return [str(error) for error in pods.validate_update(new, old)]
