"""Helm's hooks: what of a chart is applied only when its release is deleted, rolled back, tested or upgraded.

`helm template` prints all hooks, and a plan is an install, or an upgrade where something of the chart is there already: the other hooks are not
applied. Helm's words: https://helm.sh/docs/topics/charts_hooks/. Left out: weights, for all that is applied stands in one order, and
`helm.sh/hook-delete-policy`: a hook that ran stays.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from kplan.api.objects import Object, annotations_of, name_of, namespace_of
from kplan.api.words import some
from kplan.applying import Options
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources

ANNOTATION = "helm.sh/hook"
INSTALL = frozenset(("pre-install", "post-install", "crd-install"))
UPGRADE = frozenset(("pre-upgrade", "post-upgrade"))
MOST_NAMED = 5

_Named = tuple[str, str, str]  # kind, namespace, name


def without_idle_hooks(sources: Sources, options: Options) -> tuple[Sources, Options, list[str]]:
    """The manifests and the base without the hooks of charts that this plan does not run; a note on those of the manifests."""
    if not sources.charts and not (options.base and options.base.charts):
        return sources, options, []
    space = options.namespace
    there = {_name(obj, "") for obj in options.state}
    if options.base is not None:
        there |= {_name(m.data, space) for m in options.base.manifests}
        options = replace(options, base=_installed(options.base, set(), space)[0])
    kept, idle = _installed(sources, there, space)
    if not idle:
        return kept, options, []
    times = sorted({time for m in idle for time in hooks(m)})
    names = some([f"{kind.lower()}/{name}" for kind, _, name in (_name(m.data, space) for m in idle)], MOST_NAMED)
    return kept, options, [f"Helm hooks that are not run now (but at {', '.join(times)}): {names}"]


def hooks(manifest: Manifest) -> tuple[str, ...]:
    """When a manifest is applied, in Helm's words; empty for what is no hook."""
    annotations = annotations_of(manifest.data)
    text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    return tuple(filter(None, (part.strip() for part in text.split(",")))) if isinstance(text, str) else ()


def _installed(sources: Sources, there: Set[_Named], namespace: str) -> tuple[Sources, list[Manifest]]:
    """What is applied, and the hooks that are not. A chart of which something is `there` is upgraded; `namespace` is that of what names none."""
    places = (namespace, "")  # no namespace in the state: the kind has none, whatever a manifest says
    upgraded = {
        m.render for m in sources.manifests if m.render in sources.charts and not hooks(m) and any(_name(m.data, place) in there for place in places)
    }
    idle = []
    for manifest in sources.manifests:
        times = hooks(manifest) if manifest.render in sources.charts else ()
        runs = INSTALL | UPGRADE if manifest.render in upgraded else INSTALL
        if times and not runs.intersection(times):
            idle.append(manifest)
    left_out = {id(m) for m in idle}
    return replace(sources, manifests=tuple(m for m in sources.manifests if id(m) not in left_out)), idle


def _name(obj: Object, namespace: str) -> _Named:
    return obj["kind"], namespace_of(obj) or namespace, name_of(obj)


__all__ = ["hooks", "without_idle_hooks"]
