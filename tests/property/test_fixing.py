"""Whatever a text looks like, `--fix` makes of it what was meant, touches nothing else, and has nothing left to do."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.lint.engine import Options, lint
from kplan.lint.fixing import fixes
from kplan.manifests.sources import load
from kplan.manifests.yaml import load_yaml

NUMBERS = st.sampled_from(["80", "0", "-1", "1.5", "1e3", "0x1F", "0o17", "017", "+1", "1_000", "true", "False", "yes", "off", "y", ".5"])
ENDS = st.sampled_from(["", "  # why", " # a: b, 'c'", "\t# after a tab", " "])
VALUES = st.sampled_from(
    [
        "- name: {n}\n  value: {v}{e}",
        "- value: {v}{e}\n  name: {n}",
        "- {{name: {n}, value: {v}}}{e}",
        "- {{value: {v}, name: {n}}}{e}",
        "- {{ name: {n},\n    value: {v} }}{e}",
        '- {{"name": "{n}", "value": {v}}}{e}',
        "- name: {n}\n  # between\n\n  value:   {v}{e}",
        "- {{name: {n}, value: {v}}}  # ü 文{e}",
    ]
)
PORTS = st.sampled_from(
    [
        "ports: [{{containerPort: '{p}'}}]{e}",
        'ports:\n- containerPort: "{p}"{e}\n  name: http',
        "ports:\n- {{name: http, containerPort: '{p}'}}{e}",
    ]
)
POLICIES = st.sampled_from(
    [
        "imagePullPolcy: Always{e}",
        '"imagePullPolcy": Always{e}',
        "'imagePullPolcy': Always{e}",
        "imagePullPolcy:\n  Always{e}",
        "imagePullPolcy : Always{e}",
    ]
)
LABELS = st.sampled_from(
    [
        "metadata: {{name: {n}}}",
        "metadata:\n  name: {n}\n  labels: &l {{a: b}}\n  annotations: *l",
        "metadata:\n  name: {n}\n  labels:\n    a: {v}{e}",
    ]
)


@st.composite
def pods(draw: st.DrawFn, number: int) -> tuple[str, Any]:
    """A text with mistakes that have one remedy, and the object that was meant."""
    name = f"p{number}"
    container: dict[str, Any] = {"name": "web", "image": "example.com/web:1.2.3"}
    lines = ["- name: web", "  image: example.com/web:1.2.3"]
    value, label = draw(NUMBERS), draw(LABELS)
    head = label.format(n=name, v=value, e=draw(ENDS))
    meta: dict[str, Any] = {"name": name}
    if "&l" in label:
        meta |= {"labels": {"a": "b"}, "annotations": {"a": "b"}}
    elif "{v}" in label:
        meta |= {"labels": {"a": value}}
    if draw(st.booleans()):
        container["imagePullPolicy"] = "Always"
        lines += [f"  {line}" for line in draw(POLICIES).format(e=draw(ENDS)).split("\n")]
    if draw(st.booleans()):
        port, text = draw(st.integers(1, 65535)), draw(PORTS)
        container["ports"] = [{"containerPort": port, **({"name": "http"} if "http" in text else {})}]
        lines += [f"  {line}" for line in text.format(p=port, e=draw(ENDS)).split("\n")]
    variables = draw(st.lists(NUMBERS, max_size=4))
    if variables:
        container["env"] = [{"name": f"V{i}", "value": v} for i, v in enumerate(variables)]
        lines.append("  env:")
        for i, v in enumerate(variables):
            lines += [f"  {line}" for line in draw(VALUES).format(n=f"V{i}", v=v, e=draw(ENDS)).split("\n")]
    inside = "\n".join(f"  {line}" if line else line for line in lines)
    text = f"# {name}\napiVersion: v1\nkind: Pod\n{head}\nspec:\n  containers:\n{inside}\n"
    return text, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), count=st.integers(1, 3), ends=st.sampled_from(["\n", "\r\n"]), mark=st.sampled_from(["", "\ufeff"]))
def test_a_mended_file_says_what_was_meant(data: st.DataObject, count: int, ends: str, mark: str) -> None:
    drawn = [data.draw(pods(i)) for i in range(count)]
    text = mark + "---\n".join(t for t, _ in drawn).replace("\n", ends)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.yaml"
        file.write_bytes(text.encode())
        for change in fixes(load([str(file)]), Options()):
            assert change.before == text.encode()
            file.write_bytes(change.after)
        after = file.read_bytes().decode()
        assert [line.partition("#")[2] for line in after.split("\n")] == [line.partition("#")[2] for line in text.split("\n")]
        assert after.count("\r\n") == text.count("\r\n") and after.startswith(mark)
        assert load_yaml(after) == [obj for _, obj in drawn]
        read = load([str(file)])
        assert not fixes(read, Options())
        assert not [d for d in lint(read).diagnostics if d.rule.startswith(("schema/", "yaml/", "manifests/"))]
