"""Columns of the node table, and what a plugin sees of it: the whole table, some rows, or one row.

A plugin is written for one row and called with any of the three: numbers are Python ints or int64 arrays, conditions bools
or bool arrays, so that the same operators serve both. Texts are dictionary-encoded: `Column.codes` says which of `values` a
row has (-1: none), and `map` calls a function once for each distinct value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from kplan.api.objects import Object

if TYPE_CHECKING:
    from kplan.scheduler.podinfo import PodInfo

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]


class Column:
    """A dictionary-encoded column of the table, or one row's code in it."""

    __slots__ = ("codes", "index", "partial", "values")

    def __init__(self, codes: Any, values: Sequence[Any], index: dict[Any, int], partial: bool = False) -> None:
        self.codes = codes
        self.values = values
        self.index = index
        self.partial = partial
        """Whether some rows have no value."""

    @classmethod
    def of(cls, values: Iterable[Any]) -> Column:
        """Encode one value a row; None is no value."""
        index: dict[Any, int] = {}
        codes = np.array([-1 if v is None else index.setdefault(v, len(index)) for v in values], dtype=np.int32)
        return cls(codes, list(index), index, bool((codes < 0).any()))

    @property
    def size(self) -> int:
        """How many distinct values there are. Arrays by value have one place more, the last, which code -1 finds."""
        return len(self.values)

    def take(self, rows: Any) -> Column:
        """The column of some rows, or (an int) of one."""
        return Column(self.codes.item(rows) if isinstance(rows, int) else self.codes[rows], self.values, self.index, self.partial)

    def map(self, function: Callable[[Any], Any]) -> Any:
        """The function of each row's value (None where there is none); numbers and bools only."""
        if isinstance(self.codes, int):
            return function(self.values[self.codes] if self.codes >= 0 else None)
        found = [*map(function, self.values)]
        if self.partial:
            found.append(function(None))
        return np.array(found)[self.codes]

    def among(self, values: Iterable[Any]) -> Any:
        """Whether a row's value is one of these."""
        found = [code for code in map(self.index.get, values) if code is not None]
        if isinstance(self.codes, int):
            return self.codes in found
        if len(found) == 1:
            return self.codes == found[0]
        hits = np.zeros(self.size + 1, dtype=np.bool_)
        hits[found] = True
        return hits[self.codes]


def cut(value: Any) -> Any:
    """A number, or a column, without its fraction, as int64."""
    return value.astype(np.int64) if isinstance(value, np.ndarray) else int(value)


def at_most(value: Any, limit: float) -> Any:
    """The smaller of the two."""
    return np.minimum(value, limit) if isinstance(value, np.ndarray) else min(value, limit)


def divisor(value: Any) -> Any:
    """The number itself, 1 in place of 0."""
    return np.maximum(value, 1) if isinstance(value, np.ndarray) else value or 1


class Nodes(Protocol):
    """The table, some of its rows or one row, as plugins see it. Amounts: millicores, bytes, whole numbers."""

    cpu: Any
    memory: Any
    ephemeral_storage: Any
    max_pods: Any
    used_cpu: Any
    used_memory: Any
    used_ephemeral_storage: Any
    pod_count: Any
    nonzero_cpu: Any
    nonzero_memory: Any
    cpu_divisor: Any
    """CPU, 1 in place of 0; likewise memory."""

    memory_divisor: Any
    measured: Any
    """How many of CPU and memory the node has, at least 1."""

    balanced: Any
    """1 where it has both."""

    @property
    def unschedulable(self) -> Any:
        """Whether a node is cordoned."""

    yes: Any
    no: Any
    zero: Any
    row: Any

    @property
    def delegated(self) -> frozenset[str]:
        """Extended resources that a device class stands behind, on nodes that have none themselves."""

    @property
    def taints(self) -> Column:
        """Taints as tuples of (key, value, effect)."""

    @property
    def features(self) -> Column:
        """Declared features as tuples of names."""

    @property
    def name(self) -> Column:
        """The nodes' names."""

    def label(self, key: str) -> Column:
        """The values of one label."""

    def allocatable(self, resource: str) -> Any:
        """What the nodes have of a scalar resource."""

    def used(self, resource: str) -> Any:
        """What pods have asked of a scalar resource."""

    def image(self, name: str) -> Any:
        """The score that having an image gives: its size, weighed by how many nodes have it; 0 where it is absent."""

    def port_taken(self, protocol: str, address: str, port: int) -> Any:
        """Whether a host port conflicts with one in use."""

    def where_pods(self, wanted: Callable[[PodInfo], bool], group: str) -> Any:
        """Where a pod of a group (`disks`, `claims`) satisfies a condition."""

    def map_nodes(self, function: Callable[[int, Object], Any]) -> Any:
        """A function of row and Node object, called for each row; only for what concerns few pods."""
