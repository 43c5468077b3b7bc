"""The run: which writes wake which loops."""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.clock import Clock
from kplan.apiserver.door import Door
from kplan.apiserver.loops import NOBODY, Controller, Key, Watch, itself, owned_by
from kplan.simulate import Simulation


class Watching(Controller):
    """Notes what it is asked about and what it is woken for."""

    name = "watching"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.woken: list[Key] = []
        self.watches = (owned_by("ReplicaSet", "Pod"), Watch("Pod", self._keys, owners=("Job", NOBODY)), Watch("ReplicaSet.apps", itself))

    def _keys(self, entry: Entry, reader: Reader) -> Iterable[Key]:
        self.asked.append(entry.object["metadata"]["name"])
        return itself(entry, reader)  # type: ignore[return-value]

    def sync(self, key: Key, api: Client) -> float | None:
        self.woken.append(key)
        return None


def pod(name: str, owner: str = "") -> Object:
    meta: Object = {"name": name, "namespace": "a"}
    if owner:
        meta["ownerReferences"] = [{"apiVersion": "v1", "kind": owner, "name": f"of-{name}", "uid": owner, "controller": True}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {}}


def test_watches_of_owners_are_asked_about_what_those_own_before_or_after_a_write() -> None:
    door, watching = Door("1.36", Clock()), Watching()
    simulation = Simulation(door, [[watching]])
    for obj in (pod("set", "ReplicaSet"), pod("job", "Job"), pod("other", "StatefulSet"), pod("alone")):
        door.store.put("Pod", obj)
    door.store.put("Pod", pod("alone", "StatefulSet"))
    door.store.put("Pod", pod("other"))
    door.store.remove("Pod", "a", "set")
    simulation.run()
    assert watching.asked == ["job", "alone", "alone", "other"]
    assert watching.woken == [("a", "of-set"), ("a", "job"), ("a", "alone"), ("a", "other")]


def test_an_owner_without_a_kind_is_nobody_s_business() -> None:
    door, watching = Door("1.36", Clock()), Watching()
    simulation = Simulation(door, [[watching]])
    strange = pod("strange", "ReplicaSet")
    del strange["metadata"]["ownerReferences"][0]["kind"]
    door.store.put("Pod", strange)
    simulation.run()
    assert (watching.asked, watching.woken) == ([], [])
