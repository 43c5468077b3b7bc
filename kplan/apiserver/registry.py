"""Which kinds are served, and in which versions: the built-in ones, and those that CustomResourceDefinitions add.

Upstream: the discovery and REST mapping of kube-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kplan import schema
from kplan.api.objects import Object, group_kind, group_of
from kplan.kinds import KINDS, Kind
from kplan.kinds.generic import generic_kind

if TYPE_CHECKING:
    from kplan.apiserver.customversion import CustomVersion

BUILT_IN = {k.group_kind: k for k in KINDS}


@dataclass(frozen=True, slots=True)
class Served:
    """A kind in one served version. `simulated` is False for built-in kinds that are stored by schema alone; `custom`: what a definition says of it."""

    kind: Kind
    version: str
    simulated: bool = True
    custom: CustomVersion | None = None

    @property
    def api_version(self) -> str:
        """`apps/v1`."""
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version


class Registry:
    """Resolves apiVersion and kind for one Kubernetes version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._served: dict[tuple[str, str], Served | None] = {}
        self._custom: dict[tuple[str, str], Served] = {}
        self._preferred: dict[str, Served] = {}
        self._by_definition: dict[str, Served] = {}

    def resolve(self, api_version: str, kind: str) -> Served | None:
        """The served kind, or None where the server knows none."""
        key = (api_version, kind)
        if key in self._custom:
            return self._custom[key]
        if key not in self._served:
            self._served[key] = self._built_in(api_version, kind)
        return self._served[key]

    def preferred(self, gk: str) -> Served | None:
        """The kind by group-kind, in the version in which it is stored."""
        found = self._preferred.get(gk)
        if found is None and gk in BUILT_IN:
            found = self._preferred[gk] = Served(BUILT_IN[gk], BUILT_IN[gk].version)
        return found

    def add_custom(self, stored: Served, served: Iterable[Served]) -> None:
        """Serve a custom kind from now on. `stored`: the version in which it is stored, whether that is served or not."""
        self._by_definition[stored.kind.group_kind] = self._preferred[stored.kind.group_kind] = stored
        for one in served:
            self._custom[one.api_version, one.kind.kind] = one

    def is_custom(self, gk: str) -> bool:
        """Whether a definition serves the kind."""
        return gk in self._by_definition

    def custom_kinds(self) -> list[Kind]:
        """The kinds that definitions serve, each once."""
        return [s.kind for s in self._by_definition.values()]

    def remove_custom(self, gk: str) -> None:
        """Stop serving a custom kind."""
        if self._by_definition.pop(gk, None) is None:
            return
        for key in [k for k, s in self._custom.items() if s.kind.group_kind == gk]:
            del self._custom[key]
        self._preferred.pop(gk, None)

    def _built_in(self, api_version: str, kind: str) -> Served | None:
        group, _, version = api_version.rpartition("/")
        info = schema.lookup(self.version, api_version, kind)
        if info is None:
            return None
        known = BUILT_IN.get(group_kind(kind, group))
        if known is not None and version in (known.version, *known.other_versions):
            return Served(known, version)
        served = Served(generic_kind(group, version, kind, info.plural, info.namespaced), version, simulated=False)
        self._preferred.setdefault(served.kind.group_kind, served)
        return served


def named(obj: Object) -> tuple[str, str]:
    """An object's apiVersion and kind as given, empty texts where absent or not text."""
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    return (api_version if isinstance(api_version, str) else "", kind if isinstance(kind, str) else "")


__all__ = ["BUILT_IN", "Registry", "Served", "group_of", "named"]
