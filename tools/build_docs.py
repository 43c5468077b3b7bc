"""Write the documents that follow from the code: docs/rules.md, docs/kinds.md, docs/scheduler.md; and what commands print in README.md, docs/walkthrough.md and
docs/questions.md.

A block of code after `<!-- kplan … -->` holds that command and its output.

    python tools/build_docs.py [--check]

`--check` writes nothing and exits 1 where a document is stale.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PATH = re.compile(r"[\w./{},*-]+")
GENERATED = "<!-- written by tools/build_docs.py: do not edit -->"


def rules() -> Iterator[str]:
    """Every rule with its documentation."""
    from kplan.lint.rules import RULES

    yield "# Lint rules"
    yield GENERATED
    yield (
        "Besides these rules `kplan lint` says what YAML is wrong (`yaml/…`, `manifests/…`), what the schema does not have (`schema/…`, `removed-api`), "
        "and what the API server refuses or warns of (`field/…`, `api/…`), in the server's own words."
    )
    rows = [f"| [{r.name}](#{r.name}) | {r.severity} | {r.profile} | {_summary(r.documentation)} |" for r in RULES]
    yield "\n".join(["| rule | severity | profile | |", "|---|---|---|---|", *rows])
    yield "## In other linters' words"
    yield "Where another linter has the same check, this is what it is called here; its annotations count for these rules."
    from kplan.lint.peers import checks

    same = sorted(checks(RULES).items(), key=lambda item: (item[0][0].lower(), item[0][1]))
    yield "\n".join(["| linter | check | here |", "|---|---|---|", *(f"| {tool} | {check} | {', '.join(names)} |" for (tool, check), names in same)])
    for rule in RULES:
        yield f"## {rule.name}"
        lines = [rule.documentation.split("\n")[0], f"*Severity*: {rule.severity}. *Profile*: {rule.profile}."]
        if rule.kinds:
            lines.append(f"*Looks at*: {', '.join(k.partition('.')[0] for k in rule.kinds)}.")
        for name, default in rule.options.items():
            lines.append(f"*Option* `{name}` (default `{default!r}`).")
        yield "\n\n".join(lines)
        yield _sections(rule.documentation)


def _sections(documentation: str) -> str:
    """The docstring's sections as a list."""
    found: list[str] = []
    for line in inspect.cleandoc(documentation).split("\n")[1:]:
        word, colon, rest = line.partition(":")
        if colon and word in ("Why", "Example", "Fix", "Upstream"):
            found.append(f"- *{word}*:{rest}")
        elif line.strip() and found:
            found[-1] += f" {line.strip()}"
    return "\n".join(found)


def kinds() -> Iterator[str]:
    """Every built-in kind, and what kplan does for it."""
    from kplan.kinds import KINDS
    from kplan.kinds.kind import no_references

    yield "# Kinds"
    yield GENERATED
    yield (
        "These kinds are defaulted, prepared, validated and warned about as the API server does it. All others that the chosen Kubernetes version serves "
        "are checked against their schema and stored; custom resources follow the CustomResourceDefinitions of the input."
    )
    rows = ["| kind | group | versions | scope | references | |", "|---|---|---|---|---|---|"]
    for kind in sorted(KINDS, key=lambda k: (k.group, k.kind)):
        versions = ", ".join((kind.version, *kind.other_versions))
        refers = "yes" if kind.references is not no_references else ""
        deprecated = f"deprecated: {kind.deprecated}" if kind.deprecated else ""
        rows.append(f"| {kind.kind} | {kind.group or 'core'} | {versions} | {'namespaced' if kind.namespaced else 'cluster'} | {refers} | {deprecated} |")
    yield "\n".join(rows)
    yield "## Admission"
    yield "The server's plugins, in its order."
    from kplan.admission import PLUGINS as ADMISSION

    yield _modules([type(p) for p in ADMISSION])
    yield "## Controllers"
    yield "The loops of kube-controller-manager, in the order in which they drain."
    from kplan.controllers import CONTROLLERS

    yield _modules(list(CONTROLLERS))


def scheduler() -> Iterator[str]:
    """The scheduler's plugins."""
    from kplan.scheduler.plugins import PLUGINS

    yield "# Scheduler"
    yield GENERATED
    yield (
        "The plugins of the default profile, in its order. Two choices make a run reproducible: every node is scored (upstream stops looking once it has found "
        "enough), and of nodes with equal scores the first in name order is taken (upstream takes one at random)."
    )
    yield (
        "A `KubeSchedulerConfiguration` may be given: profiles by `schedulerName`, enabled and disabled plugins, weights, and the arguments of "
        "NodeResourcesFit, NodeResourcesBalancedAllocation, InterPodAffinity, PodTopologySpread and NodeAffinity. `percentageOfNodesToScore` has "
        "no effect, because every node is scored. Plugins that are not in the table (nor SchedulingGates, DefaultPreemption, "
        "PrioritySort, DefaultBinder), and extenders, are left out, and a "
        "diagnostic `scheduler/config` of each run names them. A plugin is asked at all its extension points or at none: disabled for Filter it takes no part, "
        "disabled for Score it only filters. Pods whose `schedulerName` is no profile's wait for ever, as in a cluster without that scheduler."
    )
    rows = ["| plugin | weight | filters | scores | |", "|---|---|---|---|---|"]
    for plugin in PLUGINS:
        filters, scores = ("yes" if _has(plugin, name) else "" for name in ("filter", "score"))
        summary, upstream = _first(plugin)
        rows.append(f"| {plugin.name} | {plugin.weight or ''} | {filters} | {scores} | {summary}{f' Upstream: {upstream}.' if upstream else ''} |")
    yield "\n".join(rows)


def _has(plugin: type, name: str) -> bool:
    """Whether the plugin's module writes the method: cluster plugins have it on the check that they prepare."""
    tree = ast.parse(inspect.getsource(sys.modules[plugin.__module__]))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.walk(tree))


def _modules(classes: list[type]) -> str:
    rows = ["| | | upstream |", "|---|---|---|"]
    for found in classes:
        summary, upstream = _first(found)
        rows.append(f"| {getattr(found, 'title', found.__name__)} | {summary} | {upstream} |")
    return "\n".join(rows)


def _first(found: type) -> tuple[str, str]:
    """The first sentence of what a class or its module says, and its upstream path."""
    module = importlib.import_module(found.__module__)
    text = inspect.cleandoc(module.__doc__ or "")
    said, _, path = text.partition("Upstream:")
    upstream = PATH.match(path.strip())
    return _summary(said).removeprefix(f"{getattr(found, 'title', found.__name__)}: "), upstream.group().rstrip(".,;") if upstream else ""


def _summary(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split("\n\n")[0].split("Upstream:")[0].split()).replace("|", "\\|")


DOCUMENTS: dict[str, Callable[[], Iterator[str]]] = {"rules.md": rules, "kinds.md": kinds, "scheduler.md": scheduler}


TRANSCRIPTS = (ROOT / "README.md", DOCS / "walkthrough.md", DOCS / "questions.md")
_BLOCK = re.compile(r"<!-- (?P<command>kplan [^\n]*?) -->\n(?P<fence>`{3,4})\w*\n.*?^(?P=fence)$", re.S | re.M)


def commands(path: Path) -> list[str]:
    """The commands whose output a document shows."""
    return [m["command"] for m in _BLOCK.finditer(path.read_text(encoding="utf-8"))]


def transcript(command: str) -> str:
    """A command as it is typed, and what it prints: from the root of the checkout, without a terminal."""
    from kplan.cli.main import main as kplan

    out, here = io.StringIO(), Path.cwd()
    os.chdir(ROOT)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):
            kplan(shlex.split(command)[1:])
    finally:
        os.chdir(here)
    return f"$ {command}\n{out.getvalue()}"


def block(command: str) -> str:
    """A command with its output as a document shows it; four ticks where the output has three."""
    text = transcript(command)
    fence = "````" if "```" in text else "```"
    return f"<!-- {command} -->\n{fence}text\n{text}{fence}"


def transcribed(path: Path) -> str:
    """A document with the output of its commands as it is now."""
    return _BLOCK.sub(lambda m: block(m["command"]), path.read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    """A document as it should be."""
    return "\n\n".join(DOCUMENTS[name]()) + "\n"


def main() -> int:
    """Write or check all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    stale = []
    check = parser.parse_args().check
    documents = [(DOCS / name, lambda name=name: text_of(name)) for name in DOCUMENTS]
    documents += [(path, lambda path=path: transcribed(path)) for path in TRANSCRIPTS]
    for path, written in documents:
        text = written()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
            if not check:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(("stale: " if check else "written: ") + ", ".join(stale))
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
