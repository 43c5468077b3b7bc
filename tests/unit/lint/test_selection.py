"""Which rules run."""

from __future__ import annotations

import pytest

from kplan.config import Config, ConfigError
from kplan.lint.rules import RULES
from kplan.lint.selection import choose


def test_globs_choose() -> None:
    assert {c.rule.name for c in choose(RULES, Config(), select=("latest-*",), ignore=("*",))} == set()
    assert {c.rule.name for c in choose(RULES, Config(), select=("latest-*",))} == {"latest-tag"}
    assert "host-ipc" not in {c.rule.name for c in choose(RULES, Config(), ignore=("host-*",))}


@pytest.mark.parametrize(("chosen", "where"), [({"select": ("zzz",)}, "--select"), ({"ignore": ("host-*", "zzz-*")}, "--ignore")])
def test_a_glob_that_means_no_rule_is_an_error(chosen: dict[str, tuple[str, ...]], where: str) -> None:
    with pytest.raises(ConfigError, match='there is no rule "zzz') as raised:
        choose(RULES, Config(), **chosen)
    assert where in str(raised.value)


def test_the_configurations_globs_too() -> None:
    with pytest.raises(ConfigError, match=r"kplan\.yaml"):
        choose(RULES, Config(ignore=("zzz",), file="kplan.yaml"))
