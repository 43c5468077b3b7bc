"""Fields in which two versions of an object differ."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diff import Causes, cause_of, fields_of, state_of


def paths(kind: str, old: Any, new: Any, version: str = "apps/v1", **options: bool) -> list[tuple[str, Any, Any]]:
    made = [{"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec} for spec in (old, new)]
    return [(f.path, f.before, f.after) for f in fields_of(made[0], made[1], **options)]


def claim(name: str, size: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"resources": {"requests": {"storage": size}}}}


def test_claim_templates_are_matched_by_name() -> None:
    old, new = [claim("a", "1Gi"), claim("b", "1Gi")], [claim("b", "2Gi"), claim("a", "1Gi")]
    found = paths("StatefulSet", {"volumeClaimTemplates": old}, {"volumeClaimTemplates": new})
    assert found == [("spec.volumeClaimTemplates[name=b].spec.resources.requests.storage", "1Gi", "2Gi")]


def test_lists_without_names_are_compared_item_by_item() -> None:
    old, new = ({"rules": [{"host": h, "http": {"paths": [{"path": "/", "backend": {"service": {"name": n}}}]}}]} for h, n in (("a", "x"), ("a", "y")))
    assert paths("Ingress", old, new, "networking.k8s.io/v1") == [("spec.rules[0].http.paths[0].backend.service.name", "x", "y")]
    more = {"rules": [{"host": "b"}, *old["rules"]]}
    assert paths("Ingress", old, more, "networking.k8s.io/v1") == [("spec.rules[0]", None, {"host": "b"})]
    assert paths("Ingress", more, old, "networking.k8s.io/v1") == [("spec.rules[0]", {"host": "b"}, None)]
    assert paths("Ingress", more, {"rules": [*old["rules"], {"host": "c"}]}, "networking.k8s.io/v1") == [
        ("spec.rules[0]", {"host": "b"}, None),
        ("spec.rules[1]", None, {"host": "c"}),
    ]


def test_custom_kinds_have_no_schema_here() -> None:
    assert paths("Example", {"args": ["a", "b"]}, {"args": ["a", "c"]}, "example.com/v1") == [("spec.args", ["a", "b"], ["a", "c"])]
    found = paths("Example", {"groups": [{"name": "g", "expr": "1"}]}, {"groups": [{"name": "g", "expr": "2"}]}, "example.com/v1")
    assert found == [("spec.groups[name=g].expr", "1", "2")]


def test_what_the_server_draws_for_a_job_is_hidden() -> None:
    old, new = ({"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}, "suspend": uid == "2"} for uid in "12")
    assert paths("Job", old, new, "batch/v1") == [("spec.suspend", False, True)]
    assert len(paths("Job", old, new, "batch/v1", full=True)) == 2


class Counted(dict[Ref, Object]):
    """Counts how often it is asked."""

    asked = 0

    def get(self, key: Any, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


def owned(name: str, owner: str | None) -> Object:
    owners = [{"apiVersion": "v1", "kind": "Example", "name": owner, "uid": owner, "controller": True}] if owner else []
    return {"apiVersion": "v1", "kind": "Example", "metadata": {"name": name, "ownerReferences": owners}}


@pytest.mark.parametrize("seed", range(20))
def test_causes_are_the_same_for_many_as_for_each(seed: int) -> None:
    """Owners that are missing, own themselves or each other included."""
    names = "abcdefgh"
    objects = [owned(n, (names + "?")[(seed * (i + 3) + i * i + 7) % 9] if (seed + i) % 4 else None) for i, n in enumerate(names)]
    state = state_of(objects)
    causes = Causes(state)
    assert [causes.of(o) for o in objects] == [cause_of(o, state) for o in objects]


def test_what_siblings_share_is_looked_up_once() -> None:
    state = Counted(state_of([owned("top", None), owned("middle", "top"), *(owned(f"leaf-{i}", "middle") for i in range(100))]))
    causes = Causes(state)
    assert {causes.of(o) for r, o in state.items() if r.name.startswith("leaf")} == {Ref("", "Example", "", "top")}
    assert state.asked < 5
