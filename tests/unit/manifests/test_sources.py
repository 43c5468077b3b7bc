"""What files, folders, globs and standard input hold, and what is said about what cannot be read."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from kplan.diagnostics import Severity
from kplan.manifests.sources import Sources, load

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, content: str | bytes) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)


def names(sources: Sources) -> list[str]:
    return [manifest.data["metadata"]["name"] for manifest in sources.manifests]


def said(sources: Sources) -> list[tuple[str, str, str]]:
    return [(str(one.span), one.rule, str(one.severity)) for one in sources.diagnostics]


def test_folders_are_read_in_name_order_whatever_the_order_of_paths(folder: Path) -> None:
    write("b/two.yml", CONFIG.format("two"))
    write("a/one.yaml", CONFIG.format("one") + "---\n" + CONFIG.format("one-b"))
    write("c.json", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"three"}}')
    write("notes.txt", "nothing")
    sources = load(["b", "a", "c.json"])
    assert names(sources) == ["one", "one-b", "two", "three"] == names(load(["."])) == names(load(["c.json", "a", "b", "./a"]))
    assert [(m.source, m.index, m.line) for m in sources.manifests[:2]] == [(os.path.join("a", "one.yaml"), 0, 1), (os.path.join("a", "one.yaml"), 1, 6)]
    assert (sources.files, sources.documents, sources.diagnostics) == (3, 4, ())


def test_hidden_ignored_and_excluded_files_are_left_out(folder: Path) -> None:
    for path in (".git/x.yaml", ".hidden.yaml", "build/x.yaml", "keep/build.yaml", "keep/gen-1.yaml", "keep/gen-2.yaml", "test/t.yaml", "deep/a/skip.yaml"):
        write(path, CONFIG.format(Path(path).stem))
    write(".gitignore", "# comment\nbuild/\ngen-*.yaml\n!gen-2.yaml\n/deep/**/skip.yaml\n")
    assert names(load(["."], exclude=["test/"])) == ["build", "gen-2"]
    assert names(load(["keep"])) == ["build", "gen-2"]
    assert names(load(["keep/gen-1.yaml"])) == ["gen-1"]
    assert names(load(["keep/gen-1.yaml"], exclude=["keep/*"])) == []


def test_globs(folder: Path) -> None:
    write("a/x.yaml", CONFIG.format("x"))
    write("a/b/y.yaml", CONFIG.format("deep"))
    assert names(load(["a/*.yaml"])) == ["x"]
    assert names(load(["a/**/*.yaml"])) == ["deep", "x"]
    assert said(load(["z/*.yaml"])) == [("z/*.yaml", "manifests/not-found", "error")]


def test_standard_input_and_lists(folder: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata:\n    name: a\n- metadata: {name: 5}\n- metadata: {name: c}\n  kind: Secret\n"
    sources = load(["-"], stdin=text)
    assert [m.data["kind"] for m in sources.manifests] == ["ConfigMap", "ConfigMap"]
    assert str(sources.manifests[0].locate("metadata.name")) == "<stdin>:5:11"
    assert said(sources) == [("<stdin>:7:3", "manifests/object", "error")]
    assert said(load(["-"], stdin=b"# nothing\n")) == [("<stdin>", "manifests/none-found", "error")]


def test_yaml_that_is_no_manifest_is_skipped_unless_named(folder: Path) -> None:
    write("values.yaml", "replicas: 3\nimage: {tag: x}\n")
    write("docker-compose.yml", "services: {web: {image: x}}\n")
    write("tsconfig.json", "{ // comment\n}")
    write("playbook.yaml", "- hosts: all\n  tasks:\n  - {% if x %}\n")
    write("m.yaml", CONFIG.format("m"))
    sources = load(["."])
    assert names(sources) == ["m"] and not sources.diagnostics
    assert sorted(skipped.source for skipped in sources.skipped) == ["docker-compose.yml", "playbook.yaml", "tsconfig.json", "values.yaml"]
    assert said(load(["values.yaml"])) == [("values.yaml:1:1", "manifests/not-a-manifest", "error")]


def test_a_document_without_kind_or_version_is_refused(folder: Path) -> None:
    sources = load(["-"], stdin="apiVersion: v1\nmetadata: {name: x}\n---\n" + CONFIG.format("ok"))
    assert said(sources) == [("<stdin>:1:1", "manifests/object", "error")]
    assert names(sources) == ["ok"]


def test_kustomizations_and_charts_are_one_source(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    write("apps/base/kustomization.yaml", "resources: [deployment.yaml]\n")
    write("apps/base/deployment.yaml", CONFIG.format("base"))
    write("apps/prod/kustomization.yml", "resources: [../base, ../shared, ../loose.yaml]\npatches: [{path: patch.yaml}]\n")
    write("apps/prod/patch.yaml", CONFIG.format("patch"))
    write("apps/prod/inner/x.yaml", CONFIG.format("inner"))
    write("apps/shared/s.yaml", CONFIG.format("shared"))
    write("apps/loose.yaml", CONFIG.format("loose"))
    write("chart/Chart.yaml", "apiVersion: v2\nname: c\n")
    write("chart/templates/d.yaml", "{{ .Values.x }}\n")
    write("plain.yaml", CONFIG.format("plain"))
    sources = load(["."])
    assert names(sources) == ["plain"]
    warning = ("manifests/not-rendered", "warning")
    assert said(sources) == [(os.path.join("apps", "prod"), *warning), ("chart", *warning)]
    assert "kubectl kustomize" in sources.diagnostics[0].hint and "helm template" in sources.diagnostics[1].hint
    assert said(load(["chart/Chart.yaml"])) == [("chart", "manifests/not-rendered", "error")]


def test_a_broken_document_hides_no_other(folder: Path) -> None:
    write("f.yaml", CONFIG.format("a") + "---\nkind: X\n  bad: 1\n---\n" + CONFIG.format("b") + "--- x\n" + CONFIG.format("c"))
    sources = load(["f.yaml"])
    assert names(sources) == ["a", "b", "c"]
    assert said(sources) == [("f.yaml:7:6", "yaml/syntax", "error"), ("f.yaml:13:4", "yaml/syntax", "error")]
    assert "indentation" in sources.diagnostics[0].hint


def test_templates_placeholders_and_encrypted_objects_are_named(folder: Path) -> None:
    script = "data:\n  run.sh: echo ${HOME} {{ x }}\n"
    write("t.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n---\n" + CONFIG.format("ok") + script)
    write("p.yaml", CONFIG.format("web-${ENV}") + "---\n" + CONFIG.format("x") + "  labels: {team: $(TEAM)}\n")
    write("s.yaml", CONFIG.format("secret") + "data:\n  a: ENC[AES256_GCM,data:x]\nsops: {version: 3.8.1}\n")
    sources = load(["."])
    assert names(sources) == ["ok"]
    assert [m.data["metadata"]["name"] for m in sources.opaque] == ["web-${ENV}", "x", "secret"]
    assert said(sources) == [
        ("p.yaml:4:9", "manifests/placeholder", "warning"),
        ("p.yaml:10:18", "manifests/placeholder", "warning"),
        ("s.yaml:1:1", "manifests/encrypted", "warning"),
        ("t.yaml:4:9", "manifests/template", "warning"),
    ]


def test_a_template_in_text_does_not_hide_a_syntax_error(folder: Path) -> None:
    text = CONFIG.format("rules") + "data:\n  a: 'value {{ $labels.x }}'\n bad: 1\n"
    assert [rule for _, rule, _ in said(load(["-"], stdin=text))] == ["yaml/syntax"]


def test_commands_may_refer_to_variables(folder: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: x, args: [$(A)], env: [{name: A, value: $(B)}]}\n"
    custom = "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: t}\nspec: {image: $(params.image)}\n"
    sources = load(["-"], stdin=pod + "---\n" + custom)
    assert names(sources) == ["p", "t"] and not sources.diagnostics


def test_missing_unreadable_binary_and_huge_files(folder: Path) -> None:
    write("bin.yaml", b"\x00\x01\x02" * 100)
    write("huge.yaml", CONFIG.format("huge") + "#" * 5000)
    Path("empty").mkdir()
    assert said(load(["nope.yaml"])) == [("nope.yaml", "manifests/not-found", "error")]
    assert said(load(["bin.yaml"])) == [("bin.yaml", "manifests/binary", "error")]
    assert said(load(["huge.yaml"], max_bytes=4096)) == [("huge.yaml", "manifests/too-large", "error")]
    assert said(load(["empty"])) == [("empty", "manifests/none-found", "error")]
    assert said(load(["a\0b"]))[0][1] == "manifests/not-found"


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_are_followed_once(folder: Path) -> None:
    write("a/x.yaml", CONFIG.format("x"))
    os.symlink("..", "a/up")
    os.symlink("a", "b")
    os.symlink("nowhere.yaml", "broken.yaml")
    sources = load(["."])
    assert names(sources) == ["x"]
    assert said(sources) == [("a/up", "manifests/symlink-loop", "warning"), ("broken.yaml", "manifests/unreadable", "error")]


@pytest.mark.parametrize("text", ["v: " + "[" * 200_000, "- " * 50_000, "!a, " + "{a: " * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_deep_nesting_is_bounded(text: str) -> None:
    start = time.monotonic()
    sources = load(["-"], stdin="apiVersion: v1\nkind: X\n" + text if not text.startswith("{") else text)
    assert [one.severity for one in sources.diagnostics] == [Severity.ERROR]
    assert time.monotonic() - start < 5


def test_an_alias_bomb_is_bounded() -> None:
    text = CONFIG.format("bomb") + "v:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 20))
    start = time.monotonic()
    assert said(load(["-"], stdin=text))[0][1] == "yaml/limit"
    assert time.monotonic() - start < 5


def test_windows_line_ends_and_byte_order_marks(folder: Path) -> None:
    text = (CONFIG.format("a") + "---\n" + CONFIG.format("b") + "data:\n  k: |\n    x\n    y\n").replace("\n", "\r\n")
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le"), b"\xfe\xff" + text.encode("utf-16-be")):
        sources = load(["-"], stdin=data)
        assert names(sources) == ["a", "b"] and sources.manifests[1].data["data"] == {"k": "x\ny\n"}
        assert str(sources.manifests[1].locate("data.k")) == "<stdin>:11:6"


LATIN = CONFIG.format("a") + "data:\n  k: né caf\xe9\n"


def test_bytes_that_are_not_utf_8_are_told(folder: Path) -> None:
    write("a.yaml", LATIN.replace("é", "e").encode() + "  l: caf\xe9 au lait \xe9\n".encode("latin-1"))
    write("values.yaml", "drink: caf\xe9\n".encode("latin-1"))
    write("meant.yaml", CONFIG.format("b") + "data: {k: '\ufffd'}\n")
    sources = load(["."])
    assert said(sources) == [("a.yaml:7:9", "manifests/encoding", "warning")]
    assert "0xE9 is not UTF-8" in sources.diagnostics[0].message and "iconv" in sources.diagnostics[0].hint
    assert sources.manifests[0].data["data"]["l"] == "caf\ufffd au lait \ufffd"  # as kubectl sends it


def test_half_a_character_of_utf_16_is_told(folder: Path) -> None:
    data = b"\xff\xfe" + (CONFIG.format("a") + "# caf").encode("utf-16-le") + b"\x00\xd8" + "x\n".encode("utf-16-le")
    assert said(load(["-"], stdin=data)) == [("<stdin>:5:6", "manifests/encoding", "warning")]
