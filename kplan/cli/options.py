"""Options that several commands share, and how they read their input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import click

from kplan.cli import streams

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.api.objects import Object
    from kplan.config import Config
    from kplan.diagnostics import Diagnostic
    from kplan.manifests.dump import Dump
    from kplan.manifests.podmetrics import PodMetrics
    from kplan.manifests.rendering import Rendering
    from kplan.manifests.sources import Sources

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
WIDTH = 80
HEIGHT = 25  # of no meaning but that rich, not told, asks the system for a terminal before every line


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command that reads manifests takes."""
    for option in reversed(
        (
            click.argument("paths", nargs=-1, metavar="PATH..."),
            click.option("-n", "--namespace", default=None, help="Namespace of objects that name none (default: default)."),
            click.option("--exclude", multiple=True, metavar="GLOB", help="Leave files out (may be repeated)."),
            click.option("--crds", multiple=True, metavar="PATH", help="Definitions of custom kinds: CRDs, or a catalogue of JSON Schemas (may be repeated)."),
            click.option("--kubernetes-version", "version", default=None, metavar="VERSION", help="Minor version to look at it for (default: 1.36)."),
            click.option("--color/--no-color", "color", default=None, help="Colours (default: on a terminal, unless NO_COLOR is set)."),
            click.option("-q", "--quiet", is_flag=True, help="Only what is wrong, and the last line."),
            click.option("-v", "--verbose", is_flag=True, help="Also what is left out otherwise."),
        )
    ):
        command = option(command)
    return command


def outputs(command: Callable[..., Any]) -> Callable[..., Any]:
    """How what was found is printed."""
    from kplan.report.formats import FORMATS

    option = click.option("--format", "format", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print on standard output.")
    more = click.option("--output", "output", multiple=True, metavar="FORMAT=FILE", help="Also write a format to a file (may be repeated).")
    return option(more(command))


def write(format: str, output: tuple[str, ...], color: bool | None, draw: Callable[[str, TextIO, Callable[[], Console]], None]) -> None:
    """Draw to standard output in one format and to files in others; `draw` gets what makes a screen, for text."""
    from kplan.report.formats import FORMATS

    for item in output:
        name, equals, path = item.partition("=")
        if not equals or name not in FORMATS or not path:
            raise click.ClickException(f'--output "{item}" is not FORMAT=FILE with a format of {", ".join(FORMATS)}')
        try:
            with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                draw(name, file, partial(_page, file))
        except OSError as error:
            raise click.ClickException(f'--output: cannot write "{path}": {error.strerror}') from None
    if format != "text":
        streams.for_machines()
    draw(format, sys.stdout, partial(console, color))


def _page(file: TextIO) -> Console:
    """A text file for people."""
    from rich.console import Console

    return Console(file=file, width=WIDTH, height=HEIGHT, no_color=True, highlight=False, markup=False, emoji=False)


def configuration() -> Config:
    """kplan.yaml of this folder or above; an empty one where there is none."""
    from pathlib import Path

    from kplan.config import Config, ConfigError, find, load

    path = find(Path.cwd())
    try:
        return load(path) if path else Config()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def state_objects(paths: tuple[str, ...]) -> list[Object]:
    """The objects of a dump."""
    return list(dump_of(paths).objects) if paths else []


def dump_of(paths: tuple[str, ...], wanted: Callable[[Object], bool] = lambda _: True, progress: Callable[[str], None] = lambda _: None) -> Dump:
    """The dump that --state names. `wanted`: objects whose managedFields matter."""
    from kplan.manifests.dump import DumpError, read_dump

    try:
        found = read_dump(paths, sys.stdin.buffer.read() if "-" in paths else None, wanted, progress)
    except DumpError as error:
        raise click.ClickException(f"--state: {error}") from None
    if found.slow:
        click.echo("--state: large YAML takes long to read: JSON (kubectl get -o json, kplan snapshot) is read a hundred times faster", err=True)
    return found


def definitions(paths: tuple[str, ...], sources: Sources, *more: Object, told: list[Diagnostic] | None = None) -> tuple[Object, ...]:
    """The definitions of custom kinds that are given with --crds, as far as the input needs them; what is wrong with the files is said, and added to `told`."""
    if not paths:
        return ()
    from kplan.manifests.definitions import DefinitionsError, read_definitions

    try:
        problems: list[Diagnostic] = []
        found = read_definitions(paths, [*(m.data for m in sources.manifests), *more], problems.append)
    except DefinitionsError as error:
        raise click.ClickException(f"--crds: {error}") from None
    for problem in problems:
        click.echo(f"--crds: {_line(problem)}", err=True)
    if told is not None:
        told += problems
    return found


def scheduler_configuration(path: str | None) -> Object | None:
    """The KubeSchedulerConfiguration of a file."""
    if path is None:
        return None
    from pathlib import Path

    from kplan.manifests.yaml import YamlError, load_yaml

    try:
        found = load_yaml(Path(path).read_bytes())
    except OSError as error:
        raise click.ClickException(f"--scheduler-config: {path}: {error.strerror or error}") from None
    except YamlError as error:
        raise click.ClickException(f"--scheduler-config: {path}: {error}") from None
    if len(found) != 1 or found[0].get("kind") != "KubeSchedulerConfiguration":
        raise click.ClickException(f"--scheduler-config: {path}: not a KubeSchedulerConfiguration")
    return found[0]


def pod_metrics(path: str | None) -> PodMetrics | None:
    """The PodMetrics of a file."""
    if path is None:
        return None
    from pathlib import Path

    from kplan.manifests.podmetrics import PodMetricsError, read_pod_metrics

    try:
        return read_pod_metrics(Path(path).read_bytes())
    except (OSError, PodMetricsError) as error:
        raise click.ClickException(f"--metrics: {path}: {getattr(error, 'strerror', None) or error}") from None


def checked_namespace(name: str | None) -> str | None:
    """A namespace that may be; None where none is given."""
    from kplan.api.names import is_dns1123_label

    if name and is_dns1123_label(name):
        raise click.ClickException(f'--namespace: "{name}" is no name of a namespace: lower case letters, digits and "-", as in team-a')
    return name


def checked_versions(text: str | None) -> list[str]:
    """The minor versions of a list such as `1.36,1.37`, each once."""
    return list(dict.fromkeys(checked_version(v.strip()) for v in (text or "").split(",") if v.strip())) or [checked_version(None)]


def checked_version(version: str | None) -> str:
    """A minor version that is known, whatever way it is written (`1.36`, `v1.36.2`)."""
    from kplan.schema import CURRENT, versions

    version = version or CURRENT
    minor = ".".join(version.removeprefix("v").split(".")[:2])
    if minor not in versions():
        raise click.ClickException(f"Kubernetes {version} is not known: {versions()[0]} to {versions()[-1]} are")
    return minor


def read(paths: tuple[str, ...], exclude: tuple[str, ...], rendering: Rendering | None = None, jobs: int = 0) -> Sources:
    """The manifests of the paths; `-` is standard input. `jobs`: see `load`."""
    from kplan.manifests.sources import load

    if not paths:
        raise click.UsageError("name at least one file or folder, - for standard input")
    return load(paths, exclude, sys.stdin.buffer.read() if "-" in paths else None, rendering=rendering, jobs=jobs)


def read_base(base: tuple[str, ...], paths: tuple[str, ...], exclude: tuple[str, ...], rendering: Rendering | None = None) -> Sources | None:
    """The manifests of --base: of folders, or (`git:REF`) of the same paths at another revision; None where none is given."""
    from kplan.manifests.revision import RevisionError, at_revision
    from kplan.manifests.sources import load

    revisions = [b.removeprefix("git:") for b in base if b.startswith("git:")]
    if not revisions:
        return _folders(base, exclude, rendering) if base else None
    if len(base) > 1:
        raise click.ClickException("--base git:REF stands alone")
    try:
        return at_revision(paths, revisions[0], partial(load, exclude=exclude, rendering=rendering))
    except RevisionError as error:
        raise click.ClickException(f"--base: {error}") from None


def _folders(base: tuple[str, ...], exclude: tuple[str, ...], rendering: Rendering | None) -> Sources:
    """The manifests of --base DIR. Where there are none, all would seem to be new."""
    found = read(base, exclude, rendering)
    for problem in found.diagnostics:
        if problem.rule in ("manifests/not-found", "manifests/none-found", "manifests/not-rendered"):
            raise click.ClickException(f"--base: {problem.message}{f' ({problem.hint})' if problem.hint else ''}")
    return found


def tell_problems(sources: Sources) -> bool:
    """Say on standard error what is wrong with the sources, a line each; whether any of it is an error."""
    from kplan.diagnostics import Severity

    for problem in sources.diagnostics:
        click.echo(_line(problem), err=True)
    return any(d.severity is Severity.ERROR for d in sources.diagnostics)


def _line(problem: Diagnostic) -> str:
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.span or ''}: {problem.severity}: {problem.message}{hint}".lstrip(": ")


def unreadable(sources: Sources) -> bool:
    """Whether something that was named, or lies in a named folder, could not be read at all (broken YAML is a finding)."""
    from kplan.diagnostics import Severity

    return any(d.severity is Severity.ERROR and d.rule.startswith("manifests/") for d in sources.diagnostics)


def console(color: bool | None) -> Console:
    """Standard output for people: 80 columns where there is no terminal."""
    import os

    from rich.console import Console

    class Screen(Console):
        """rich itself would end the process, with 1, once nobody reads: 1 says that something is found."""

        def on_broken_pipe(self) -> None:
            raise streams.ReaderGoneError

    terminal = sys.stdout.isatty()
    if color is None:
        color = terminal and not os.environ.get("NO_COLOR")
    return Screen(
        file=sys.stdout,
        force_terminal=color,
        no_color=not color,
        color_system="auto" if color else None,
        width=None if terminal else WIDTH,
        height=None if terminal else HEIGHT,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


def note_skipped(sources: Sources, *, verbose: bool) -> None:
    """What was read and is no manifest: counted, and named when asked. Our own configuration is nothing to tell of."""
    from pathlib import Path

    from kplan.config import NAMES

    left = [s for s in sources.skipped if Path(s.source).name not in NAMES]
    if not left:
        return
    count = len(left)
    click.echo(f"{count} YAML document{'s are' if count != 1 else ' is'} no manifest{'s' if count != 1 else ''} and left alone", err=True)
    if verbose:
        for skipped in left:
            click.echo(f"  {skipped.source}:{skipped.line}", err=True)
