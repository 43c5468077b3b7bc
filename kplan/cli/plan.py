"""`kplan plan`."""

from __future__ import annotations

import click

from kplan.cli.charts import charts
from kplan.cli.nodes import nodes_option
from kplan.cli.options import configuration, note_skipped, outputs, pod_metrics, scheduler_configuration, shared, unreadable, write
from kplan.cli.progress import progress
from kplan.cli.scenarios import Given, exit_code, scenarios


@click.command()
@shared
@outputs
@click.option("--state", multiple=True, metavar="FILE|DIR|-", help="Base state: a dump such as `kplan snapshot` or `kubectl get … -A -o json` makes.")
@click.option("--base", multiple=True, metavar="DIR|git:REF", help="Base state: the manifests of a folder, or the same PATHs at a git revision.")
@click.option("--env", "environments", multiple=True, metavar="NAME", help="An environment of kplan.yaml (may be repeated; default without PATH: all).")
@nodes_option
@click.option("--without-node", "without_nodes", multiple=True, metavar="NODE", help="What if this node were gone? (may be repeated)")
@click.option("--without-zone", "without_zones", multiple=True, metavar="ZONE", help="The same for all nodes of a zone (may be repeated).")
@click.option("--scheduler-config", "scheduler", default=None, metavar="FILE", help="A KubeSchedulerConfiguration: profiles, plugins, weights.")
@click.option("--metrics", default=None, metavar="FILE", help="PodMetrics: what pods use (kubectl get pods.metrics.k8s.io -A -o yaml).")
@click.option("--horizon", default="11m", show_default=True, metavar="TIME", help="How long the cluster runs, in virtual time.")
@click.option("--now", default=None, metavar="TIME", help="When the virtual clock starts (default: the newest time in the state).")
@click.option("--apply", "how", type=click.Choice(["auto", "client", "server"]), default="auto", show_default=True, help="Which kind of apply.")
@click.option("--field-manager", default="", metavar="NAME", help="Who applies, on the server side (default: who did before).")
@click.option("--replace", is_flag=True, help="Delete and create what cannot be updated.")
@click.option("--prune", is_flag=True, help="Delete what the manifests do not state any more: give -l, --all or --applyset.")
@click.option("-l", "--selector", default="", metavar="LABELS", help="Apply, and with --prune delete, only what has these labels.")
@click.option("--all", "everything", is_flag=True, help="With --prune: everything that kubectl applied.")
@click.option("--applyset", default="", metavar="[KIND/]NAME", help="With --prune: the members of this ApplySet.")
@charts
@click.option("--html", "page", default=None, metavar="FILE", help="Also write a page for people: the same as --output html=FILE.")
@click.option("--full", is_flag=True, help="Also fields that only the server writes.")
@click.option("--detailed-exitcode", is_flag=True, help="0 no change, 1 error, 2 changes.")
def command(
    paths: tuple[str, ...],
    namespace: str | None,
    exclude: tuple[str, ...],
    crds: tuple[str, ...],
    version: str | None,
    color: bool | None,
    quiet: bool,
    verbose: bool,
    format: str,
    output: tuple[str, ...],
    state: tuple[str, ...],
    base: tuple[str, ...],
    environments: tuple[str, ...],
    nodes: str,
    without_nodes: tuple[str, ...],
    without_zones: tuple[str, ...],
    scheduler: str | None,
    metrics: str | None,
    horizon: str,
    now: str | None,
    how: str,
    field_manager: str,
    replace: bool,
    prune: bool,
    selector: str,
    everything: bool,
    applyset: str,
    values: tuple[str, ...],
    set_: tuple[str, ...],
    release: str,
    page: str | None,
    full: bool,
    detailed_exitcode: bool,
) -> int:
    """Apply manifests to a base state, run the cluster, and show how the state changes and what is wrong.

    Several environments, overlays or Kubernetes versions (1.36,1.37) are planned one after the other, and the worst exit code counts:
    0 everything comes up, 1 something is rejected or does not come up, 2 usage or unreadable input.
    """
    from kplan.losing import LostError
    from kplan.node.shapes import ShapeError
    from kplan.plan import Options, plan
    from kplan.pruning import PruneError, asked
    from kplan.report.several import Named, write_plans

    config = configuration()
    given = Given(
        paths=paths,
        exclude=(*exclude, *config.exclude),
        environments=environments,
        state=state,
        base=base,
        namespace=namespace,
        nodes=nodes,
        version=version,
        values=values,
        set=set_,
        release=release,
        now=now,
        crds=crds,
    )
    try:
        pruned = asked(prune=prune, selector=selector, everything=everything, applyset=applyset, apply=how, namespace=namespace or "default")
        options = Options(
            apply=how,
            field_manager=field_manager,
            replace=replace,
            selector=selector,
            prune=pruned,
            horizon=seconds(horizon),
            full=full,
            without_nodes=without_nodes,
            without_zones=without_zones,
            scheduler=scheduler_configuration(scheduler),
            metrics=pod_metrics(metrics),
            progress=progress(quiet),
        )
        todo = scenarios(given, config, options)
        plans = [Named(s.name, s.version, plan(s.sources, s.options)) for s in todo]
    except ShapeError as error:
        raise click.ClickException(f"--nodes: {error}") from None
    except (PruneError, LostError) as error:
        raise click.ClickException(str(error)) from None
    options.progress("")
    output = (*output, f"html={page}") if page else output
    write(format, output, color, lambda name, out, screen: write_plans(plans, name, out, screen, quiet=quiet, verbose=verbose))
    codes = []
    for scenario, made in zip(todo, plans, strict=True):
        if not quiet and scenario.options.version == todo[0].options.version:
            note_skipped(scenario.sources, verbose=verbose)
        if unreadable(scenario.sources):
            codes.append(1 if detailed_exitcode else 2)
        elif not made.plan.ok:
            codes.append(1)
        else:
            codes.append(2 if detailed_exitcode and made.plan.changes else 0)
    return exit_code(codes, detailed=detailed_exitcode)


def seconds(text: str) -> float:
    """A time such as `90s`, `10m`, `2h` in seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    number, unit = (text[:-1], units[text[-1]]) if text and text[-1] in units else (text, 1)
    try:
        value = float(number) * unit
    except ValueError:
        value = -1.0
    if not 0 <= value <= 366 * 86400:
        raise click.ClickException(f'--horizon: "{text}" is not a time such as 90s, 10m or 2h')
    return value
