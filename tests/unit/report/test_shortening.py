"""Long texts made short, so that what matters is seen."""

from __future__ import annotations

from kplan.report.shortening import apart, cut, shortened


def test_values_are_cut_where_they_differ() -> None:
    long = "registry.example.com/" + "a" * 80
    assert cut("abc", 3) == "abc" and cut("abcd", 3) == "ab…"
    assert apart("a", "b", 60) == ("a", "b")
    before, after = apart(f"{long}:1.0", f"{long}:1.1", 60)
    assert (before, after) == ("…aaaaaaaaa:1.0", "…aaaaaaaaa:1.1")
    assert apart(f"/{long}/web:1", f"/{long}/web:2", 60) == ("…/web:1", "…/web:2")
    before, after = apart("x" + long, "y" + long, 60)
    assert before[0] == "x" and after[0] == "y" and len(before) == len(after) == 60
    assert apart(long, long + "b", 60) == ("…aaaaaaaaaaaa", "…aaaaaaaaaaaab")


def test_images_keep_their_names_and_tags() -> None:
    old, new = (f"registry.example.com/team/{'a' * 30}/shop/web:1.{n}" for n in "01")
    assert apart(old, new, 60) == ("registry.example.com/…/web:1.0", "registry.example.com/…/web:1.1")
    digests = (f"registry.example.com/shop/web:1.0@sha256:{d * 64}" for d in "01")
    assert apart(*digests, 60) == ("registry.example.com/shop/web:1.0@sha256:0000000…", "registry.example.com/shop/web:1.0@sha256:1111111…")
    assert apart("web:1", new, 60) == ("web:1", "registry.example.com/team/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/sh…")


def test_messages_lose_the_objects_in_them() -> None:
    value = '{"labels":{"a":"b"},"Spec":{' + '"x":null,' * 80 + '"y":{}}}'
    message = f"spec.template: Invalid value: {value}: field is immutable"
    told = shortened(message)
    assert len(told) < 150 and told.startswith('spec.template: Invalid value: {"labels":') and told.endswith("…}: field is immutable")
    assert shortened("a" * 900) == "a" * 900
    assert shortened("x: Invalid value: {}: no") == "x: Invalid value: {}: no"
