"""What is to be planned: one plan for each environment, overlay and Kubernetes version that the command line names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from kplan.cli.charts import check_charts, rendering
from kplan.cli.options import checked_namespace, checked_versions, definitions, dump_of, read, read_base
from kplan.config import Config, Environment

if TYPE_CHECKING:
    from kplan.api.objects import Object
    from kplan.applying import Options
    from kplan.manifests.dump import Dump
    from kplan.manifests.sources import Sources


YEARS = range(1970, 9000)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One plan to make; `name` is empty where it is the only one, `version` tells it from the others of the same name."""

    name: str
    version: str
    sources: Sources
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says of sources and base states; it goes before what an environment says."""

    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    environments: tuple[str, ...]
    state: tuple[str, ...]
    base: tuple[str, ...]
    namespace: str | None
    nodes: str
    version: str | None
    values: tuple[str, ...]
    set: tuple[str, ...]
    release: str
    now: str | None
    crds: tuple[str, ...] = ()


def scenarios(given: Given, config: Config, options: Options) -> list[Scenario]:
    """The plans to make, with `options` in what they have in common."""
    dumps: dict[tuple[str, ...], tuple[Dump, frozenset[tuple[str, str]]]] = {}
    found = []
    for name, environment in _environments(given, config):
        found += _of(name, environment, given, config, options, dumps)
    return found


def _environments(given: Given, config: Config) -> list[tuple[str, Environment]]:
    known = config.environments
    for name in given.environments:
        if name not in known:
            told = f"{', '.join(known)} are in {config.file}" if known else "kplan.yaml has none"
            raise click.ClickException(f'--env: there is no environment "{name}": {told}')
    names = given.environments or (() if given.paths else tuple(known))
    chosen = [(name, _placed(known[name], config.file)) for name in names]
    return chosen if chosen else [("", Environment())]


def _placed(environment: Environment, file: str) -> Environment:
    """An environment with its paths as seen from the working folder."""
    folder = Path(file).parent

    def seen(path: str) -> str:
        if path == "-" or path.startswith("git:") or not path:
            return path
        where = folder / path
        try:
            return str(where.relative_to(Path.cwd()))
        except ValueError:
            return str(where)

    return replace(
        environment,
        paths=tuple(map(seen, environment.paths)),
        state=tuple(map(seen, environment.state)),
        values=tuple(map(seen, environment.values)),
        base=seen(environment.base),
    )


def _of(
    name: str,
    environment: Environment,
    given: Given,
    config: Config,
    options: Options,
    dumps: dict[tuple[str, ...], tuple[Dump, frozenset[tuple[str, str]]]],
) -> list[Scenario]:
    """The plans of one environment: by overlay, by version."""
    paths = given.paths or environment.paths
    namespace = checked_namespace(given.namespace) or environment.namespace or config.namespace or "default"
    versions = checked_versions(given.version or environment.kubernetes_version or config.kubernetes_version)
    if "-" in paths and "-" in (given.state or environment.state):
        raise click.ClickException("standard input is either the manifests or the state")
    reading = partial(_read, paths, environment, given, namespace)
    sources, base, known = reading(versions[0])
    found: list[tuple[str, Scenario]] = []
    for version in versions:
        if version != versions[0] and "-" not in paths and (sources.charts or (base and base.charts)):  # which may ask for the version
            sources, base, known = reading(version)
        dump = _dump(given.state or environment.state, sources, dumps, options.progress)
        common = replace(
            options,
            config=config,
            version=version,
            namespace=namespace,
            nodes=given.nodes or environment.nodes,
            state=dump.objects if dump else (),
            definitions=known,
            now=time_of(given.now) if given.now else time_of(dump.newest) if dump and dump.newest else None,
        )
        for overlay, mine, its_base in _by_overlay(sources, base):
            told = " ".join(filter(None, (name, overlay)))
            found.append((overlay, Scenario(told, version if len(versions) > 1 else "", mine, replace(common, base=its_base))))
    order = {overlay: number for number, overlay in enumerate(dict.fromkeys(overlay for overlay, _ in found))}
    return [scenario for _, scenario in sorted(found, key=lambda one: order[one[0]])]


def _read(
    paths: tuple[str, ...], environment: Environment, given: Given, namespace: str, version: str
) -> tuple[Sources, Sources | None, tuple[Object, ...]]:
    """The manifests and their base, charts rendered for a version, and the definitions of custom kinds."""
    release = given.release or environment.release
    how = rendering((*environment.values, *given.values), (*environment.set, *given.set), release, namespace, version)
    before = given.base or ((environment.base,) if environment.base else ())
    sources = read(paths, given.exclude, how)
    check_charts(sources, given.values, given.set, given.release)
    base = read_base(before, paths, given.exclude, how)
    return sources, base, definitions(given.crds, sources, *(m.data for m in base.manifests) if base else ())


def _dump(
    paths: tuple[str, ...],
    sources: Sources,
    dumps: dict[tuple[str, ...], tuple[Dump, frozenset[tuple[str, str]]]],
    progress: Callable[[str], None],
) -> Dump | None:
    """A dump with the managedFields of what the manifests name; one that several environments share is read once."""
    if not paths:
        return None
    named = frozenset((str(m.data.get("kind")), str((m.data.get("metadata") or {}).get("name"))) for m in sources.manifests)
    known = dumps.get(paths)
    if known is not None and (named <= known[1] or "-" in paths):
        return known[0]

    def wanted(obj: Object) -> bool:
        return (obj["kind"], obj["metadata"]["name"]) in named

    dumps[paths] = (dump_of(paths, wanted, progress), named)
    return dumps[paths][0]


def _by_overlay(sources: Sources, base: Sources | None) -> list[tuple[str, Sources, Sources | None]]:
    """Each overlay with what it was at the base; those that are no more with nothing."""
    from kplan.manifests.sources import Sources

    mine = sources.clusters()
    if base is None:
        return [(name, found, None) for name, found in mine]
    theirs = dict(base.clusters())
    if len(mine) == 1 and len(theirs) == 1:
        return [(mine[0][0], mine[0][1], base)]
    if len(mine) == 1 and sources.overlays:
        mine = ((sources.overlays[0], sources),)
    if len(theirs) == 1:
        theirs = {base.overlays[0] if base.overlays else "": base}
    found: list[tuple[str, Sources, Sources | None]] = []
    for name, part in mine:
        best = max(theirs, key=lambda other: _alike(name, other), default="")
        its_base = theirs.pop(best) if best in theirs and _alike(name, best) else Sources(())
        found.append((name, part, its_base))
    return [*found, *((f"{name} (gone)", Sources(()), part) for name, part in theirs.items() if name)]


def _alike(one: str, other: str) -> int:
    """How many of their last folders two paths share."""
    count = 0
    for mine, its in zip(reversed(PurePath(one).parts), reversed(PurePath(other.partition(":")[2] or other).parts), strict=False):
        if mine != its:
            break
        count += 1
    return count


def time_of(text: str) -> datetime:
    """A time such as 2026-03-01T12:00:00Z, of years in which clocks can run on."""
    from kplan.api.times import parse_time

    try:
        found = parse_time(text)
        if found.year in YEARS:
            return found
    except ValueError:
        pass
    raise click.ClickException(f'--now: "{text}" is not a time such as 2026-03-01T12:00:00Z') from None


def exit_code(codes: Sequence[int], *, detailed: bool) -> int:
    """The worst of several; in detail, an error is worse than changes."""
    return max(codes, key=lambda code: (code == 1, code) if detailed else (False, code))
