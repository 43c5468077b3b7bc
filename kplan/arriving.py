"""What programs make while a cluster runs, taken as there: Secrets and ConfigMaps that pods of the manifests wait for and no manifest states.

Containers are not run here, and operators are not either: nobody would issue the certificates and first passwords for which installations wait. They
are taken as made where the manifests show by whom: by a container that has the name on its command line, by a custom resource whose operator makes
it, by a document of that name that is encrypted, and, where no dump says what is there, by a workload that may create Secrets in the namespace.
Contents are unknown and empty. What nobody makes is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kplan.api.ref import Ref
from kplan.api.words import some
from kplan.apiserver.registry import BUILT_IN
from kplan.applying import Applying
from kplan.graph import TEMPLATES, build, pod_template
from kplan.kinds.customreferences import made_by
from kplan.kinds.podspec.references import pod_spec_references
from kplan.lint.grants import creates_secrets
from kplan.lint.rule import Context
from kplan.lint.rules.dangling_reference import made_by_program
from kplan.manifests.manifest import Manifest
from kplan.standins import core

KINDS = ("ConfigMap", "Secret")


def arrive(applying: Applying, opaque: Iterable[Manifest]) -> list[Ref]:
    """Make what programs and operators would make of the manifests that were applied; what was made, sorted. `opaque` are those that cannot be read."""
    wanted = _wanted(applying)
    if not wanted:
        return []
    graph = build([obj for _, _, obj in applying.taken])
    context = Context(graph, {}, dict(applying.places), {}, applying.options.version)
    documents = frozenset(_documents(applying, opaque))
    made = []
    for ref in sorted(wanted):
        if _comes(ref, documents, context, dump=bool(applying.options.state)) and applying.cluster.create(core(ref, wanted[ref])).accepted:
            made.append(ref)
    return made


def told(made: Iterable[Ref]) -> list[str]:
    """The note on what was made."""
    names = [f"{r.kind} {r.name}" for r in made]
    return [f"in no manifest, and taken as made by what is applied: {some(names)}"] if names else []


def _wanted(applying: Applying) -> dict[Ref, set[str]]:
    """What the pods of the applied workloads need and the cluster does not have, with the keys that they read."""
    wanted: dict[Ref, set[str]] = {}
    for ref, _, obj in applying.taken:
        template = pod_template(obj) if ref.group_kind in TEMPLATES else None
        for reference in pod_spec_references(template["spec"], ref.namespace, "spec") if template is not None else ():
            target = Ref("", reference.kind, reference.namespace, reference.name)
            if reference.kind in KINDS and not reference.optional and applying.cluster.get(target) is None:
                wanted.setdefault(target, set()).update([reference.key] if reference.key else ())
    return wanted


def _documents(applying: Applying, opaque: Iterable[Manifest]) -> Iterator[tuple[str, str, str]]:
    """(kind, namespace, name) of what custom resources bring about and of what stands in documents that cannot be read."""
    for ref, manifest in applying.places.items():
        data = manifest.data
        if (ref.group_kind not in BUILT_IN or ref.kind == "Ingress") and isinstance(data.get("metadata"), dict):
            yield from made_by({**data, "metadata": {**data["metadata"], "namespace": ref.namespace}})
    for manifest in opaque:
        data = manifest.data
        if data.get("kind") in KINDS and isinstance(data.get("metadata"), dict):
            ref = applying.ref(manifest)
            yield ref.kind, ref.namespace if data["metadata"].get("namespace") else "*", ref.name


def _comes(ref: Ref, documents: frozenset[tuple[str, str, str]], context: Context, *, dump: bool) -> bool:
    """Whether something makes it."""
    if any((ref.kind, space, ref.name) in documents for space in (ref.namespace, "*")) or made_by_program(ref.name, ref.namespace, context):
        return True
    return ref.kind == "Secret" and not dump and creates_secrets(ref.namespace, context)
