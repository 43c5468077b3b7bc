"""Who might adopt an orphan: the watch that wakes them.

Upstream: the getDaemonSetsForPod, getStatefulSetsForPod .. of the controllers and the listers' GetPod* functions.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import controller_of, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.apiserver.loops import Key, Keys


def could_adopt(kind: str) -> Keys:
    """The objects of a kind (`DaemonSet.apps`) whose selector matches an orphan that was written."""

    def keys(entry: Entry, reader: Reader) -> Iterable[Key]:
        new = entry.new
        if new is None or controller_of(new) is not None:
            return ()
        namespace, labels = new["metadata"]["namespace"], labels_of(new)
        return [(namespace, o["metadata"]["name"]) for o in reader.list(kind, namespace) if selector(o["spec"].get("selector"))(labels)]

    return keys
