"""Cases as data, and `--update`.

A case is one YAML file under tests/cases/<stage>/: the input, and on the line that a finding is about what it says: `#! rule: words of its message`
(several: ` #! ` between them). A file with no `#!` must be silent. Cases of the stage `plan` are planned, all others linted.
A first line `#: version=1.25 namespace=shop` gives options (`profile=all`, `select=latest-tag`). The id of a case is its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kplan.diagnostics import Diagnostic
from kplan.lint.engine import Options as LintOptions
from kplan.lint.engine import lint
from kplan.manifests.sources import load
from kplan.plan import Options, plan

CASES = Path(__file__).parent / "cases"
_SAID = re.compile(r"#! ([a-z-]+(?:/[a-z-]+)?): ((?:(?! #! ).)*)")


class Expected(NamedTuple):
    """A finding that a case wants: its line, its rule, words of its message."""

    line: int
    rule: str
    words: str

    def met_by(self, diagnostic: Diagnostic) -> bool:
        """Whether a diagnostic is the one."""
        line = diagnostic.span.line if diagnostic.span else 0
        return (line, diagnostic.rule) == (self.line, self.rule) and self.words in diagnostic.message


class Case(pytest.Item):
    """One case file."""

    def runtest(self) -> None:
        """Read, judge, compare line by line."""
        text = self.path.read_text(encoding="utf-8")
        expected = [Expected(n, rule, words.strip()) for n, line in enumerate(text.splitlines(), 1) for rule, words in _SAID.findall(line)]
        found = list(_judged(self.path, text))
        for want in expected:
            match = next((d for d in found if want.met_by(d)), None)
            if match is None:
                raise MissedError(f"line {want.line}: nobody says `{want.rule}: {want.words}`\n{_shown(found)}")
            found.remove(match)
        if found:
            raise MissedError(f"nobody expected:\n{_shown(found)}")

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The difference alone."""
        return str(excinfo.value) if isinstance(excinfo.value, MissedError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is."""
        return self.path, 0, self.name


class CaseFile(pytest.File):
    """The file of one case."""

    def collect(self) -> Iterable[Case]:
        """Itself."""
        yield Case.from_parent(self, name=str(self.path.relative_to(CASES)))


class MissedError(AssertionError):
    """A case does not come out as it says."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Every YAML file under tests/cases is a case."""
    if file_path.suffix in (".yaml", ".yml", ".json") and CASES in file_path.parents:
        return CaseFile.from_parent(parent, path=file_path)
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` rewrites what is expected."""
    parser.addoption("--update", action="store_true", help="rewrite golden files, generated documents and the ratchet")


@pytest.fixture(scope="session")
def update(pytestconfig: pytest.Config) -> bool:
    """Whether expectations are rewritten."""
    return bool(pytestconfig.getoption("--update"))


def _judged(path: Path, text: str) -> tuple[Diagnostic, ...]:
    first = text.partition("\n")[0]
    options: dict[str, Any] = dict(pair.split("=", 1) for pair in first[2:].split()) if first.startswith("#: ") else {}
    if "select" in options:
        options["select"] = tuple(options["select"].split(","))
    sources = load([str(path)])
    if path.parent.name == "plan":
        return plan(sources, Options(**options)).diagnostics
    return lint(sources, LintOptions(**options)).diagnostics


def _shown(found: Iterable[Diagnostic]) -> str:
    return "\n".join(f"  line {d.span.line if d.span else 0}: {d.rule}: {d.message}" for d in found) or "  (nothing was found)"
