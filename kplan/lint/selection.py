"""Which rules run, how severely, with which options; and what is said to exist elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kplan.config import Config, ConfigError
from kplan.diagnostics import Severity
from kplan.kinds import Reference
from kplan.lint.rule import Rule

PROFILES = {"default": ("default",), "strict": ("default", "strict"), "security": ("default", "security"), "all": ("default", "strict", "security", "all")}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One rule as it runs."""

    rule: Rule
    severity: Severity | None
    options: dict[str, Any]


def choose(rules: Sequence[Rule], config: Config, profile: str = "", select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Chosen, ...]:
    """The rules of a profile and those selected by name, less those ignored or switched off."""
    profiles = PROFILES[profile or config.profile]
    wanted, unwanted = (*config.select, *select), (*config.ignore, *ignore)
    _known(rules, config)
    _matched(rules, (*config.select, *config.ignore), config.file)
    _matched(rules, (*select, *ignore), "--select, --ignore")
    chosen = []
    for rule in rules:
        settings = config.rules.get(rule.name)
        named = any(fnmatchcase(rule.name, g) for g in wanted)
        if select and not any(fnmatchcase(rule.name, g) for g in select):
            continue
        asked = settings is not None and settings.severity not in ("", "off")
        if any(fnmatchcase(rule.name, g) for g in unwanted) or not (rule.profile in profiles or named or asked):
            continue
        if settings is not None and settings.severity == "off" and not any(fnmatchcase(rule.name, g) for g in select):
            continue
        severity = Severity[settings.severity.upper()] if asked and settings is not None else None
        chosen.append(Chosen(rule, severity, dict(settings.options) if settings else {}))
    return tuple(chosen)


def _matched(rules: Sequence[Rule], globs: Sequence[str], where: str) -> None:
    """Every glob must mean a rule: a misspelt one would switch off nothing, or everything."""
    for glob in globs:
        if not any(fnmatchcase(rule.name, glob) for rule in rules):
            raise ConfigError(f'there is no rule "{glob}" (kplan rules lists them)', where)


def _known(rules: Sequence[Rule], config: Config) -> None:
    """Rules and options that the configuration names must exist."""
    by_name = {r.name: r for r in rules}
    for name, settings in config.rules.items():
        if name not in by_name:
            raise ConfigError(f'rules: there is no rule "{name}" (kplan rules lists them)', config.file)
        options = by_name[name].options
        for option, value in settings.options.items():
            if option not in options:
                has = ", ".join(options) or "none"
                raise ConfigError(f'rules.{name}: there is no option "{option}" (it has {has})', config.file)
            default = options[option]
            if default is not None and not isinstance(value, list if isinstance(default, tuple) else type(default)):
                raise ConfigError(f"rules.{name}.{option}: {value!r} is not like {default!r}", config.file)


def elsewhere(reference: Reference, config: Config) -> bool:
    """Whether the configuration says that what a reference points at exists outside the input."""
    kind = reference.kind.partition(".")[0]
    return any(fnmatchcase(kind, e.kind) and fnmatchcase(reference.namespace, e.namespace) and fnmatchcase(reference.name, e.name) for e in config.external)
