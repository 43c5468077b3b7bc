"""`kplan.yaml`: what a repository says once, instead of on every command line. Found in the folder of the command or above it.

Its JSON Schema, for editors, is schemas/config.schema.json. Mistakes are errors at file:line:column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

NAMES = ("kplan.yaml", "kplan.yml", ".kplan.yaml", ".kplan.yml")
SEVERITIES = ("error", "warning", "note", "off")
PROFILES = ("default", "strict", "security", "all")


class ConfigError(ValueError):
    """The configuration is wrong; `line` and `column` from 1."""

    def __init__(self, message: str, file: str, line: int = 0, column: int = 0) -> None:
        place = ":".join([file, *(str(n) for n in (line, column) if n)])
        super().__init__(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class External:
    """Objects that exist outside the input; globs."""

    kind: str = "*"
    namespace: str = "*"
    name: str = "*"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings that are accepted, with the reason. Globs; `path` is a field path."""

    rule: str
    reason: str
    kind: str = "*"
    namespace: str = "*"
    name: str = "*"
    path: str = "*"
    file: str = "*"
    line: int = 0


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """How one rule runs: its severity (`off`: not at all) and the options that it declares."""

    severity: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """A cluster that manifests go to: what to plan for it, and how charts are rendered for it. Paths are relative to the file's folder."""

    paths: tuple[str, ...] = ()
    nodes: str = ""
    state: tuple[str, ...] = ()
    base: str = ""
    kubernetes_version: str = ""
    namespace: str = ""
    values: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    release: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file; every field has a default."""

    file: str = ""
    kubernetes_version: str = ""
    namespace: str = ""
    exclude: tuple[str, ...] = ()
    profile: str = "default"
    fail_on: str = ""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rules: Mapping[str, RuleSettings] = field(default_factory=dict)
    external: tuple[External, ...] = ()
    suppress: tuple[Suppression, ...] = ()
    environments: Mapping[str, Environment] = field(default_factory=dict)


def find(start: Path) -> Path | None:
    """The nearest configuration in a folder or above; the search ends at the root of a git repository."""
    for folder in (start, *start.parents):
        for name in NAMES:
            if (folder / name).is_file():
                return folder / name
        if (folder / ".git").exists():
            return None
    return None


def load(path: Path) -> Config:
    """Read a configuration; ConfigError says where it is wrong."""
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ConfigError(error.problem or "not YAML", file, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0) from None
    if node is None:
        return Config(file)
    return _Reader(file).config(node)


class _Reader:
    """Turns nodes into values, so that every mistake has a place."""

    def __init__(self, file: str) -> None:
        self.file = file

    def fail(self, node: yaml.Node, message: str) -> ConfigError:
        return ConfigError(message, self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def config(self, node: yaml.Node) -> Config:
        return Config(
            file=self.file,
            **self.record(
                node,
                {
                    "kubernetesVersion": self.text,
                    "namespace": self.text,
                    "exclude": self.texts,
                    "profile": self.one_of(PROFILES),
                    "failOn": self.one_of(("error", "warning", "note", "never")),
                    "select": self.texts,
                    "ignore": self.texts,
                    "rules": self.mapping(self.rule),
                    "external": self.list_of(self.external),
                    "suppress": self.list_of(self.suppression),
                    "environments": self.mapping(self.environment),
                },
            ),
        )

    def external(self, node: yaml.Node) -> External:
        return External(**self.record(node, {f.name: self.text for f in fields(External)}))

    def suppression(self, node: yaml.Node) -> Suppression:
        found = self.record(node, {f.name: self.text for f in fields(Suppression) if f.name != "line"})
        for needed in ("rule", "reason"):
            if not found.get(needed):
                raise self.fail(node, f'a suppression needs "{needed}"')
        return Suppression(**found, line=node.start_mark.line + 1)

    def environment(self, node: yaml.Node) -> Environment:
        reads: dict[str, Callable[[yaml.Node], Any]] = {
            "paths": self.texts,
            "nodes": self.text,
            "state": self.texts,
            "base": self.text,
            "kubernetesVersion": self.text,
            "namespace": self.text,
            "values": self.texts,
            "set": self.texts,
            "release": self.text,
        }
        return Environment(**self.record(node, reads))

    def rule(self, node: yaml.Node) -> RuleSettings:
        if isinstance(node, yaml.ScalarNode):
            return RuleSettings(self.one_of(SEVERITIES)(node))
        values = {key.value: value for key, value in self.pairs(node)}
        severity = self.one_of(SEVERITIES)(values.pop("severity")) if "severity" in values else ""
        return RuleSettings(severity, {k: self.plain(v) for k, v in values.items()})

    def record(self, node: yaml.Node, reads: Mapping[str, Callable[[yaml.Node], Any]]) -> dict[str, Any]:
        """A map with these keys; the values under their Python names."""
        found = {}
        for key, value in self.pairs(node):
            if key.value not in reads:
                raise self.fail(key, f'unknown key "{key.value}": {", ".join(reads)} are known')
            found[_snake(key.value)] = reads[key.value](value)
        return found

    def pairs(self, node: yaml.Node) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(node, "a map is wanted here")
        return node.value  # type: ignore[no-any-return]

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.fail(node, "a text is wanted here")
        return str(node.value)

    def texts(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of texts, or one."""
        return (self.text(node),) if isinstance(node, yaml.ScalarNode) else tuple(self.list_of(self.text)(node))

    def one_of(self, allowed: tuple[str, ...]) -> Callable[[yaml.Node], str]:
        def read(node: yaml.Node) -> str:
            value = self.text(node)
            if value not in allowed:
                raise self.fail(node, f'"{value}" is not one of {", ".join(allowed)}')
            return value

        return read

    def list_of(self, read: Callable[[yaml.Node], Any]) -> Callable[[yaml.Node], tuple[Any, ...]]:
        def read_all(node: yaml.Node) -> tuple[Any, ...]:
            if not isinstance(node, yaml.SequenceNode):
                raise self.fail(node, "a list is wanted here")
            return tuple(read(item) for item in node.value)

        return read_all

    def mapping(self, read: Callable[[yaml.Node], Any]) -> Callable[[yaml.Node], dict[str, Any]]:
        return lambda node: {key.value: read(value) for key, value in self.pairs(node)}

    def plain(self, node: yaml.Node) -> Any:
        """An option's value, as YAML has it."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        finally:
            loader.dispose()


def _snake(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)
