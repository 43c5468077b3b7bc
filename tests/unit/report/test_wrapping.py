"""Lines of at most so many columns, broken where a reader would."""

from __future__ import annotations

import pytest
from rich.text import Text

from kplan.report.wrapping import wrapped


def lines(text: str, width: int, indent: int = 2) -> list[str]:
    return [line.plain for line in wrapped(Text(text), width, indent)]


def test_words_stay_whole() -> None:
    assert lines("one two three four five six seven", 22) == ["one two three four", "  five six seven"]


def test_long_words_break_at_their_joints() -> None:
    path = "      spec.template.spec.containers[name=greeter].resources.requests.memory:"
    assert lines(path, 50, 8) == ["      spec.template.spec.containers[name=greeter].", "        resources.requests.memory:"]


def test_words_without_joints_break_anywhere() -> None:
    assert lines("x" * 70, 32, 2) == ["x" * 30, "  " + "x" * 30, "  " + "x" * 10]


def test_breaks_in_the_text_are_kept() -> None:
    assert lines("one\ntwo", 40) == ["one", "  two"]


def test_wide_characters_count_twice() -> None:
    assert lines("漢字 漢字 漢字 漢字 漢字 漢字", 23, 0) == ["漢字 漢字 漢字 漢字", "漢字 漢字"]


@pytest.mark.parametrize("width", [24, 40, 79, 80])
def test_nothing_is_lost_and_nothing_sticks_out(width: int) -> None:
    text = "pods web-6cf4bc4598-abcde is forbidden: exceeded quota: compute, requested: limits.cpu=2, used: limits.cpu=3 " + "a/b." * 30
    found = lines(text, width, 4)
    assert all(len(line) <= width for line in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")


def test_styles_stay_with_their_words() -> None:
    text = Text("plain ").append("red and more red", style="red")
    found = wrapped(text, 24, 0)
    assert [span.style for line in found for span in line.spans] == ["red"] * len([line for line in found if "r" in line.plain])
