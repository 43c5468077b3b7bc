"""What commands share that ask the cluster something after manifests have been applied to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from kplan.cli.charts import charts
from kplan.cli.nodes import nodes_option
from kplan.cli.options import checked_namespace, checked_version, configuration, console, dump_of, pod_metrics, scheduler_configuration, tell_problems
from kplan.cli.progress import progress
from kplan.cli.scenarios import Given, Scenario, scenarios, time_of
from kplan.cli.streams import for_machines

if TYPE_CHECKING:
    from rich.console import Console

    from kplan.cluster import Cluster

OPTIONS = (
    click.option("-n", "--namespace", default=None, help="Namespace of what names none."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave files out (may be repeated)."),
    click.option("--state", multiple=True, metavar="FILE|DIR|-", help="Base state: a dump such as `kplan snapshot` or `kubectl get … -A -o json` makes."),
    click.option("--base", multiple=True, metavar="DIR|git:REF", help="Base state: the same manifests at another revision."),
    click.option("--env", "environments", multiple=True, metavar="NAME", help="An environment of kplan.yaml."),
    nodes_option,
    click.option("--scheduler-config", "scheduler", default=None, metavar="FILE", help="A KubeSchedulerConfiguration: profiles, plugins, weights."),
    click.option("--metrics", default=None, metavar="FILE", help="PodMetrics: what pods use (kubectl get pods.metrics.k8s.io -A -o yaml)."),
    click.option("--horizon", default="11m", show_default=True, metavar="TIME", help="How long the cluster runs, in virtual time."),
    click.option("--now", default=None, metavar="TIME", help="When the virtual clock starts (default: the newest time in the state)."),
    charts,
    click.option("--kubernetes-version", "version", default=None, metavar="VERSION", help="Minor version to look at it for (default: 1.36)."),
    click.option("--format", "format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print on standard output."),
    click.option("--color/--no-color", "color", default=None, help="Colours (default: on a terminal, unless NO_COLOR is set)."),
    click.option("-q", "--quiet", is_flag=True, help="No notes on what the cluster is made of."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a question. `paths` are the manifests that are applied first."""

    paths: tuple[str, ...]
    namespace: str | None
    exclude: tuple[str, ...]
    state: tuple[str, ...]
    base: tuple[str, ...]
    environments: tuple[str, ...]
    nodes: str
    scheduler: str | None
    metrics: str | None
    horizon: str
    now: str | None
    values: tuple[str, ...]
    set_: tuple[str, ...]
    release: str
    version: str | None
    format: str
    color: bool | None
    quiet: bool

    def cluster(self) -> Cluster:
        """The cluster after the manifests were applied, at rest; what is known of it is told on standard error."""
        from kplan.node.shapes import ShapeError
        from kplan.plan import applied

        scenario = self._scenario()
        if tell_problems(scenario.sources):
            raise click.exceptions.Exit(2)  # an answer about another cluster would be wrong
        try:
            done = applied(scenario.sources, scenario.options)
        except ShapeError as error:
            raise click.ClickException(f"--nodes: {error}") from None
        scenario.options.progress("")
        if not self.quiet:
            for note in done.notes:
                click.echo(note, err=True)
        if done.applying.rejected:
            names = ", ".join(str(r) for r in done.applying.rejected[:5])
            more = f" and {len(done.applying.rejected) - 5} more" if len(done.applying.rejected) > 5 else ""
            click.echo(f"the server refuses {names}{more}: see kplan plan", err=True)
        return done.cluster

    def _scenario(self) -> Scenario:
        """The one cluster that is asked about: manifests, or a state alone."""
        from kplan.cli.plan import seconds
        from kplan.manifests.sources import Sources
        from kplan.plan import Options

        config = configuration()
        options = Options(
            horizon=seconds(self.horizon),
            scheduler=scheduler_configuration(self.scheduler),
            metrics=pod_metrics(self.metrics),
            progress=progress(self.quiet),
        )
        if not (self.paths or self.environments or config.environments):
            if not self.state:
                raise click.UsageError("name manifests (PATH, - for standard input) or a --state to ask about")
            dump = dump_of(self.state, progress=options.progress)
            start = self.now or dump.newest
            version = checked_version(self.version or config.kubernetes_version)
            namespace = checked_namespace(self.namespace) or config.namespace or "default"
            alone = replace(options, config=config, version=version, namespace=namespace, nodes=self.nodes)
            return Scenario("", "", Sources(()), replace(alone, state=dump.objects, now=time_of(start) if start else None))
        given = Given(
            paths=self.paths,
            exclude=(*self.exclude, *config.exclude),
            environments=self.environments,
            state=self.state,
            base=self.base,
            namespace=self.namespace,
            nodes=self.nodes,
            version=self.version,
            values=self.values,
            set=self.set_,
            release=self.release,
            now=self.now,
        )
        found = scenarios(given, config, options)
        if len(found) != 1:
            names = ", ".join(" ".join(filter(None, (s.name, s.version))) for s in found)
            raise click.ClickException(f"these are {len(found)} clusters ({names}): ask about one of them, by its PATH or --env")
        return found[0]

    def draw(self, answer: Any, text: Callable[[Any, Console], None], json: Callable[[Any, TextIO], None]) -> None:
        """Print an answer in the format that is asked for."""
        if self.format == "json":
            for_machines()
            json(answer, sys.stdout)
        else:
            text(answer, console(self.color))


def asked(command: Callable[..., int]) -> Callable[..., int]:
    """The options of a command that asks; it gets them as `asked`."""
    fields = [f for f in Asked.__dataclass_fields__ if f != "paths"]

    @wraps(command)
    def gathering(*, paths: tuple[str, ...] = (), **given: Any) -> int:
        mine = {name: given.pop(name) for name in fields}
        return command(Asked(paths=paths, **mine), **given)

    for option in reversed(OPTIONS):
        gathering = option(gathering)
    return gathering


def apart(asking: Asked, words: Sequence[str]) -> tuple[tuple[str, ...], Asked]:
    """Words that are names, and the question with those that are paths: what exists, `-`, and what looks like a file."""
    paths = tuple(w for w in words if w == "-" or Path(w).exists() or any(c in w for c in "*?[") or w.endswith((".yaml", ".yml", ".json")))
    return tuple(w for w in words if w not in paths), replace(asking, paths=paths)
