"""What a server answers to manifests. Nothing is asked twice in a run: definitions and built-in kinds have the same answer in every cluster.

Definitions of custom kinds are large, and the same ones come with every overlay and every bundle of a repository.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kplan.api.objects import Object, group_kind_of
from kplan.apiserver.clock import Clock
from kplan.apiserver.custom import DEFINITION
from kplan.apiserver.door import Door
from kplan.apiserver.registry import BUILT_IN
from kplan.apiserver.response import Response
from kplan.apiserver.writes import Call
from kplan.manifests.manifest import Manifest

EXISTS = "AlreadyExists"
FAMILIES, ENDS = "not configured ", ("for dual-stack services", "on this cluster")  # of the answers that depend on how a cluster is set up
_EXISTS = Response(False, 409, EXISTS)


@dataclass(slots=True)
class Answered:
    """Answers that hold whatever the cluster: to definitions by their text, to objects of built-in kinds by their manifest's identity."""

    definitions: dict[tuple[str, str], Response] = field(default_factory=dict)
    objects: dict[int, Response] = field(default_factory=dict)


class Server:
    """A server that knows the definitions it has been given, and nothing else; it is asked what it would say."""

    def __init__(self, version: str, namespace: str, answered: Answered) -> None:
        self.door = Door(version, Clock(), plugins=())
        self.namespace = namespace
        self._answered = answered
        self._defined: dict[int, Response] = {}

    def define(self, manifest: Manifest) -> None:
        """Take a definition; `answer` then says what became of it."""
        text = (manifest.document.text, manifest.place)
        answer = self._answered.definitions.get(text)
        if answer is None:
            answer = self.door.create(manifest.data, Call(namespace=self.namespace))
            if answer.reason != EXISTS:  # which would not be said by a server that knows fewer
                self._answered.definitions[text] = answer
        elif answer.object is not None and self.door.store.get(DEFINITION, "", answer.object["metadata"]["name"]) is None:
            self.door.store.put(DEFINITION, answer.object)
        self._defined[id(manifest)] = _EXISTS if answer.accepted else answer

    def answer(self, manifest: Manifest) -> Response:
        """What it says to a manifest; nothing is changed by it."""
        held = self._defined.get(id(manifest)) or self._answered.objects.get(id(manifest))
        if held is None:
            held = self.door.create(manifest.data, Call(namespace=self.namespace, dry_run=True))
            if group_kind_of(manifest.data) in BUILT_IN:
                self._answered.objects[id(manifest)] = held
        return held

    def elsewhere(self, manifest: Manifest, refused: Response) -> Object | None:
        """The object of a Service that is refused for address families alone, which other clusters have; else None."""
        if refused.accepted or not refused.causes or not all(FAMILIES in cause.message and cause.message.endswith(ENDS) for cause in refused.causes):
            return None
        spec = {k: v for k, v in manifest.data["spec"].items() if k not in ("ipFamilies", "ipFamilyPolicy")}
        return self.door.create({**manifest.data, "spec": spec}, Call(namespace=self.namespace, dry_run=True)).object


__all__ = ["EXISTS", "Answered", "Server"]
