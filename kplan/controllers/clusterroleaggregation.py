"""ClusterRoles with an aggregationRule take their rules from the ClusterRoles that it selects.

Upstream: pkg/controller/clusterroleaggregation.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.objects import Object, labels_of
from kplan.api.reader import Entry, Reader
from kplan.api.selectors import selector
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch

KIND = "ClusterRole.rbac.authorization.k8s.io"


def _aggregating(entry: Entry, reader: Reader) -> Iterable[Key]:
    """Every aggregating role: any role may be one of its parts."""
    return [("", role["metadata"]["name"]) for role in reader.list(KIND) if role.get("aggregationRule") is not None]


class ClusterRoleAggregationController(Controller):
    """Keys: ("", name) of ClusterRoles."""

    name = "clusterrole-aggregation-controller"
    watches = (Watch(KIND, _aggregating),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Gather the rules, each once, in the order of selectors and names.   Upstream: syncClusterRole."""
        role = api.get(KIND, *key)
        if role is None or role.get("aggregationRule") is None:
            return None
        rules: list[Object] = []
        for each in role["aggregationRule"].get("clusterRoleSelectors") or ():
            matches = selector(each)
            for other in api.list(KIND):
                if other["metadata"]["name"] != role["metadata"]["name"] and matches(labels_of(other)):
                    rules += [rule for rule in other.get("rules") or () if rule not in rules]
        if rules == (role.get("rules") or []):
            return None
        return None if api.write({**role, "rules": rules}).accepted else RETRY
