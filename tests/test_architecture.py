"""The house rules that a reader relies on: who imports whom, how long a file is, what is in the tuples, what documents say."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kplan

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kplan"
LENGTHS = Path(__file__).with_name("long_files.json")
MUCH, TOO_MUCH = 300, 500
FORBIDDEN_MODULES = {"copy", "time", "random", "secrets", "threading", "locale"}
EXCUSED = {"kplan/lint/engine.py": {"time"}}  # how long each rule takes, where that is asked for: no finding depends on it
RULE_SECTIONS = ("Why:", "Example:", "Fix:", "Upstream:")
# What a reader of this project cannot know: where and by whom it was written. Spelt apart, so that this file may be searched too.
_WORDS = (("/wor", "k/(?:main|shared)"), ("/tmp/", "k8s"), (r"\bsub-?ag", r"ents?\b"), (r"\bthis ses", r"sion\b"), (r"\bLL", r"Ms?\b"), (r"\bissue #", r"?\d"))
WORKPLACE = re.compile("|".join(map("".join, _WORDS)), re.IGNORECASE)
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".sh", ""}


def sources() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def tracked() -> list[Path]:
    """Every text file that git has, or would take."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [p for name in listed.stdout.split("\0") if name and (p := ROOT / name).suffix in TEXTS and p.is_file()]


def calls(tree: ast.AST) -> Iterator[str]:
    """The plain names that are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def imported(tree: ast.AST) -> Iterator[str]:
    """The topmost modules that are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


SIMULATOR = ("kplan.cluster", "kplan.simulate", "kplan.controllers", "kplan.scheduler", "kplan.node", "kplan.network", "kplan.questions", "kplan.plan")
SLOW = ("numpy", "networkx", "jsonschema", "xml.sax", "http.client", "ssl", "multiprocessing", "concurrent.futures", "asyncio", "kplan.cel")
LOADED = """
import sys
from kplan.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as done:
    assert not done.code, done.code
sys.stderr.write("\\n".join(sys.modules))
"""


def loaded(*arguments: str, cache: Path) -> set[str]:
    """The modules that a command loads."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "HOME": str(cache)}
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], cwd=cache, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stderr.split("\n"))


@pytest.mark.parametrize("format", ["text", "json", "sarif", "junit", "github", "gitlab", "markdown"])
def test_linting_loads_no_cluster_and_nothing_slow(format: str, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n", encoding="utf-8")
    arguments = ("lint", "--format", format, *(("--output", f"{format}=out") if format != "text" else ()), "one.yaml")
    cold, warm = loaded(*arguments, cache=tmp_path), loaded(*arguments, cache=tmp_path)
    assert not cold & {*SIMULATOR, *SLOW}
    assert ("rich" in cold) == (format == "text")
    assert "kplan.lint.engine" in cold
    assert not warm & {"kplan.lint.engine", "kplan.apiserver", "kplan.kinds", "kplan.lint.rules"}


def test_telling_the_version_loads_next_to_nothing(tmp_path: Path) -> None:
    mine = {name for name in loaded("--version", cache=tmp_path) if name.startswith("kplan.")}
    assert mine == {"kplan.cli", "kplan.cli.main", "kplan.cli.streams"}


def test_planning_loads_nothing_slow_but_the_scheduler_s_arrays(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n", encoding="utf-8")
    planning = loaded("plan", "one.yaml", cache=tmp_path)
    assert "kplan.simulate" in planning
    assert planning & {*SLOW} <= {"numpy"}


def test_modules_import_what_stands_to_their_right() -> None:
    pytest.importorskip("importlinter")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_files_are_short(update: bool) -> None:
    lengths = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8").count("\n") for p in sources()}
    long = {name: n for name, n in lengths.items() if n > MUCH}
    if update:
        LENGTHS.write_text(json.dumps(long, indent=2) + "\n", encoding="utf-8")
    known = json.loads(LENGTHS.read_text(encoding="utf-8"))
    assert not [name for name, n in long.items() if n > TOO_MUCH]
    grown = {name: n for name, n in long.items() if n > known.get(name, MUCH)}
    assert not grown, f"longer than before, or newly over {MUCH} lines: split by responsibility"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_is_clean(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert "print" not in set(calls(tree)), "a stage never prints"
    excused = EXCUSED.get(path.relative_to(ROOT).as_posix(), set())
    assert not (FORBIDDEN_MODULES - excused) & set(imported(tree)), "no clock, no randomness, no deep copies"
    assert "now()" not in path.read_text(encoding="utf-8").replace("clock.now()", ""), "the clock is virtual"
    for node in tree.body:
        if isinstance(node, ast.Assign) and [t.id for t in node.targets if isinstance(t, ast.Name)] == ["__all__"]:
            names = ast.literal_eval(node.value)
            assert names == sorted(names, key=_order), "__all__ is sorted"
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
            assert not [n for n in names if not hasattr(module, n)]


def _order(name: str) -> tuple[int, str]:
    """As ruff sorts: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def test_the_public_names_are_complete_and_sorted() -> None:
    assert sorted(kplan._HOMES) == [n for n in kplan.__all__ if n != "__version__"]
    assert kplan.__all__ == sorted(kplan.__all__)
    for name in kplan.__all__:
        assert getattr(kplan, name) is not None


def modules(package: str) -> set[str]:
    """The modules of a package, folders left out."""
    path = importlib.import_module(package).__path__
    return {f"{package}.{m.name}" for m in pkgutil.iter_modules(path) if not m.ispkg}


def defining(names: set[str], marker: str) -> set[str]:
    """Those modules whose source has a top-level statement that makes one of the things that a tuple lists."""
    found = set()
    for name in names:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        if re.search(marker, Path(spec.origin).read_text(encoding="utf-8"), re.MULTILINE):
            found.add(name)
    return found


def test_every_kind_is_in_the_tuple() -> None:
    from kplan.kinds import KINDS

    wanted = defining(modules("kplan.kinds"), r"^KIND = ")
    listed = {name for name in wanted if importlib.import_module(name).KIND in KINDS}
    assert wanted == listed
    assert len({(k.group, k.kind) for k in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("package", "tuple_name", "marker"),
    [
        ("kplan.admission", "PLUGINS", r"^class \w+\((?:\w+, )*Plugin\):"),
        ("kplan.controllers", "CONTROLLERS", r"^class \w+\((?:\w*Controller)\):"),
        ("kplan.scheduler.plugins", "PLUGINS", r"^class \w+\((?:Cluster)?Plugin\):"),
    ],
)
def test_every_module_is_in_its_tuple(package: str, tuple_name: str, marker: str) -> None:
    listed = getattr(importlib.import_module(package), tuple_name)
    homes = {(thing if inspect.isclass(thing) else type(thing)).__module__ for thing in listed}
    assert defining(modules(package), marker) <= homes


def test_every_rule_is_in_the_tuple() -> None:
    from kplan.lint.rules import RULES

    homes = {r.check.__module__ for r in RULES}
    assert defining(modules("kplan.lint.rules"), r"^@rule\(") == homes
    assert len({r.name for r in RULES}) == len(RULES)


def test_rules_say_why_and_what_to_do() -> None:
    from kplan.lint.rules import RULES

    for rule in RULES:
        missing = [s for s in RULE_SECTIONS if s not in rule.documentation]
        assert not missing, f"{rule.name} lacks {missing}"
        assert rule.documentation.split("\n")[0].strip().endswith("."), rule.name


def test_every_rule_has_a_case_that_it_finds_and_one_that_it_lets_pass() -> None:
    from kplan.lint.rules import RULES

    cases = ROOT / "tests" / "cases" / "lint"
    said = "\n".join(p.read_text(encoding="utf-8") for p in cases.rglob("*.yaml"))
    assert not [r.name for r in RULES if f"#! {r.name}: " not in said]
    assert not [r.name for r in RULES if not any("#!" not in p.read_text(encoding="utf-8") for p in (cases / r.name).glob("*.yaml"))]


def test_the_project_speaks_of_itself_alone() -> None:
    found = []
    for path in tracked():
        if "conformance" in path.parts and "../shared" in path.read_text(encoding="utf-8"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if WORKPLACE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not found


@pytest.mark.parametrize("name", ["rules.md", "kinds.md", "scheduler.md"])
def test_generated_documents_are_fresh(name: str, update: bool) -> None:
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
    assert spec is not None and spec.loader is not None
    build_docs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build_docs)
    path, text = ROOT / "docs" / name, build_docs.text_of(name)
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "stale: python tools/build_docs.py"
