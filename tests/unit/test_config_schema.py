"""The schema of kplan.yaml agrees with what reads it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kplan import config
from kplan.config import ConfigError, load
from kplan.lint.rules import RULES
from kplan.lint.selection import choose

SCHEMA: dict[str, Any] = json.loads((Path(__file__).resolve().parents[2] / "schemas" / "config.schema.json").read_text(encoding="utf-8"))
EXAMPLES = [
    "",
    "kubernetesVersion: '1.36'\nnamespace: shop\nexclude: [a, b]\nprofile: strict\nfailOn: never\nselect: x\nignore: [y]\n",
    "rules: {latest-tag: off, replicas: {severity: warning, min: 3}}\n",
    "external: [{kind: Secret, namespace: a, name: '*'}]\n",
    "suppress: [{rule: latest-tag, reason: because, file: a.yaml, path: spec.*}]\n",
    "environments: {prod: {paths: a, nodes: 3x1cpu, state: [s.json], base: 'git:main', values: [v.yaml], set: [a=b], release: r, namespace: n}}\n",
    "nonsense: 1\n",
    "profile: huge\n",
    "failOn: sometimes\n",
    "rules: {latest-tag: loud}\n",
    "suppress: [{rule: x}]\n",
    "external: [{colour: red}]\n",
    "environments: {prod: {path: a}}\n",
    "environments: [prod]\n",
    "exclude: {a: b}\n",
]


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        (SCHEMA["properties"], config.Config),
        (SCHEMA["$defs"]["environment"]["properties"], config.Environment),
        (SCHEMA["$defs"]["external"]["properties"], config.External),
        (SCHEMA["$defs"]["suppression"]["properties"], config.Suppression),
    ],
)
def test_it_has_every_field(properties: dict[str, Any], kind: Any) -> None:
    told_by_the_reader = {config.Config: {"file"}, config.Suppression: {"line"}}
    assert {snake(name) for name in properties} == {f.name for f in fields(kind)} - told_by_the_reader.get(kind, set())


def test_it_is_a_schema_and_its_choices_are_ours() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["properties"]["profile"]["enum"]) == config.PROFILES
    assert tuple(SCHEMA["$defs"]["rule"]["anyOf"][0]["enum"]) == config.SEVERITIES


@pytest.mark.parametrize("text", EXAMPLES)
def test_it_takes_what_the_reader_takes(text: str, tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "kplan.yaml"
    path.write_text(text)
    try:
        load(path)
        taken = True
    except ConfigError:
        taken = False
    class Plain(yaml.SafeLoader):
        """YAML 1.2's booleans, as editors have them."""

    Plain.yaml_implicit_resolvers = {k: [r for r in v if r[0] != "tag:yaml.org,2002:bool"] for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    value = yaml.load(text, Plain) or {}
    assert Draft202012Validator(SCHEMA).is_valid(value) is taken


def test_the_documented_example_is_taken_and_shows_every_field(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    path = tmp_path / "kplan.yaml"
    path.write_text(text.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    found = load(path)
    assert choose(RULES, found)
    shown = {"config": found, "external": found.external[0], "suppression": found.suppress[0], "environment": found.environments["prod"]}
    assert not [f"{what}.{f.name}" for what, held in shown.items() for f in fields(held) if getattr(held, f.name) in ("", "*", (), {})]
