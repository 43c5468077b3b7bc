"""The lines around a finding: inside its document, and of a Secret the keys only."""

from __future__ import annotations

from pathlib import Path

from kplan.diagnostics import Diagnostic, Severity, Span
from kplan.excerpts import Excerpt, excerpt_of, excerpts
from kplan.manifests.sources import load


def at(file: str, line: int, path: str = "", column: int = 1) -> Diagnostic:
    return Diagnostic("r", Severity.ERROR, "m", None, path, Span(file, line, column))


def test_lines_around_stay_in_the_document() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: b\n"
    text = text.replace("\t", "  ")
    manifests = load(["-"], stdin=text).manifests
    source = manifests[0].source
    found = excerpts([at(source, 3), at(source, 5), at(source, 7)], manifests)
    assert found[Span(source, 3, 1)] == Excerpt(1, ("apiVersion: v1", "kind: ConfigMap", "metadata: {name: a}"))
    assert found[Span(source, 5, 1)] == Excerpt(5, ("apiVersion: v1", "kind: ConfigMap", "metadata:"))
    assert found[Span(source, 7, 1)].line(8) == "  name: b"


def test_secrets_show_their_keys() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n  key: |\n    hunter3\n"
    manifests = load(["-"], stdin=text).manifests
    source = manifests[0].source
    found = excerpts([at(source, 6, "stringData[password]"), at(source, 4, "metadata.name")], manifests)
    assert found[Span(source, 6, 1)].lines == ("  name: (sensitive)", "stringData:", "  password: (sensitive)", "  key: (sensitive)", "    (sensitive)")
    assert found[Span(source, 4, 1)].line(4) == "  name: s"
    assert "hunter" not in str(found)


def test_a_broken_file_is_read_from_the_disk(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("a: b\nc: [\n", encoding="utf-8")
    bad.write_text("kind: Secret\nstringData:\n  a: hunter2\n  b: [\n", encoding="utf-8")
    found = excerpts([at(str(good), 2), at(str(bad), 4), at(str(tmp_path / "none.yaml"), 1), at(str(good), 9)], ())
    assert found[Span(str(good), 2, 1)].lines == ("a: b", "c: [")
    assert "hunter2" not in str(found)
    assert len(found) == 2


def test_the_line_as_it_was_read_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("now\n", encoding="utf-8")
    span = Span(str(file), 1, 1)
    assert excerpt_of(span, {}) == "now"
    assert excerpt_of(span, {span: Excerpt(1, ("then",))}) == "then"
    assert excerpt_of(Span(str(file), 7, 1), {}) is None
