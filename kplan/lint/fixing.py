"""`--fix`: what can be mended with no judgement, edited in the text itself, so that comments and layout stay.

Misspelt fields with one meaning, numbers where texts are wanted (and the reverse), apiVersions of which only the version changed, and what
rules offer (`Finding.edit`). An edit is made only where the text at the place is what it should be, and a file is changed only if every
document in it still reads, with as many objects and nothing new that the schema objects to.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from kplan import schema
from kplan.api.objects import Object, copy_tree
from kplan.apiserver.clock import Clock
from kplan.apiserver.door import Door
from kplan.apiserver.writes import Call
from kplan.diagnostics import Span
from kplan.lint.engine import Options, Record, lint
from kplan.lint.rule import QUOTE, RENAME, UNQUOTE, VALUE, Edit
from kplan.manifests.documents import read_documents
from kplan.manifests.manifest import Manifest
from kplan.manifests.sources import Sources, load

# Old and new apiVersion of which the schema is the same for these kinds.
SAME_SHAPE = frozenset(
    {
        ("batch/v1beta1", "batch/v1", "CronJob"),
        ("batch/v2alpha1", "batch/v1", "CronJob"),
        ("policy/v1beta1", "policy/v1", "PodDisruptionBudget"),
        ("autoscaling/v2beta2", "autoscaling/v2", "HorizontalPodAutoscaler"),
        ("networking.k8s.io/v1beta1", "networking.k8s.io/v1", "IngressClass"),
        ("extensions/v1beta1", "networking.k8s.io/v1", "NetworkPolicy"),
        ("scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1", "PriorityClass"),
        ("coordination.k8s.io/v1beta1", "coordination.k8s.io/v1", "Lease"),
        ("node.k8s.io/v1beta1", "node.k8s.io/v1", "RuntimeClass"),
        ("discovery.k8s.io/v1beta1", "discovery.k8s.io/v1", "EndpointSlice"),
        *(
            (f"storage.k8s.io/{old}", "storage.k8s.io/v1", kind)
            for old in ("v1alpha1", "v1beta1")
            for kind in ("StorageClass", "CSIDriver", "CSINode", "VolumeAttachment", "CSIStorageCapacity")
        ),
        *(
            (f"rbac.authorization.k8s.io/{old}", "rbac.authorization.k8s.io/v1", kind)
            for old in ("v1alpha1", "v1beta1")
            for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
        ),
        *(
            (old, "apps/v1", kind)
            for old in ("apps/v1beta1", "apps/v1beta2", "extensions/v1beta1")
            for kind in ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet")
        ),
    }
)
PASSES = 5  # an edit may uncover what only then can be seen
_PLAIN = re.compile(r"[\w.+-]+(?=\s|,|\]|\}|$)")
_QUOTED = re.compile(r"\"([\w.+-]+)\"|'([\w.+-]+)'")
_NOT_TEXT = re.compile(r"json: cannot unmarshal (?:number|bool)\b.* of type string")
_USE = re.compile(r'use "([\w-]+)"')


class Change(NamedTuple):
    """A file before and after, and what was done to it: `line:column: words`."""

    file: str
    before: bytes
    after: bytes
    said: tuple[str, ...]


class Placed(NamedTuple):
    """An edit at a place."""

    span: Span
    path: str
    edit: Edit


def fixes(sources: Sources, options: Options) -> list[Change]:
    """The changes that mend what was read, file by file."""
    by_file: dict[str, list[Placed]] = {}
    for each in _offered(sources, options):
        by_file.setdefault(each.span.file, []).append(each)
    return [change for file in sorted(by_file) if (change := _changed(file, by_file[file], options)) is not None]


def _offered(sources: Sources, options: Options) -> list[Placed]:
    """The edits that rules, the schema and the versions of APIs offer."""
    record = Record()
    lint(sources, options, record)
    placed = [_placed(*offered) for offered in record.edits]
    for manifest in sources.manifests:
        placed += _of_version(manifest, options) or _of_schema(manifest, manifest.data, options.version)
    for told in sources.diagnostics:
        if told.rule == "manifests/object" and told.span is not None and _NOT_TEXT.match(told.message):
            placed.append(Placed(told.span, told.path, Edit(QUOTE)))
    return placed


def _placed(manifest: Manifest, path: str, edit: Edit) -> Placed:
    return Placed(manifest.locate(path, key=edit.action == RENAME), path, edit)


def unified(change: Change) -> str:
    """A change as a diff."""
    before, after = (t.decode("utf-8").splitlines(keepends=True) for t in (change.before, change.after))
    lines = difflib.unified_diff(before, after, change.file, change.file)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _of_schema(manifest: Manifest, data: Object, version: str) -> list[Placed]:
    """Misspelt fields and values of the wrong type."""
    try:
        errors = schema.check(data, str(data.get("apiVersion")), str(data.get("kind")), version)
    except KeyError:
        return []
    found = []
    for error in errors:
        meant = _USE.fullmatch(error.hint)
        if error.kind == "unknown-field" and meant is not None and _fits(data, error.path, meant[1], version):
            found.append(_placed(manifest, error.path, Edit(RENAME, meant[1])))
        elif error.kind == "wrong-type" and error.hint == "put it in quotes":
            found.append(_placed(manifest, error.path, Edit(QUOTE)))
        elif error.kind == "wrong-type" and error.hint == "remove the quotes":
            found.append(_placed(manifest, error.path, Edit(UNQUOTE)))
    return found


def _fits(data: Object, path: str, name: str, version: str) -> bool:
    """Whether a field under another name is one that nobody else has, with a value that it may have."""
    copy = copy_tree(data)
    *parents, old = _steps(path)
    holder: Any = copy
    for step in parents:
        holder = holder[step]
    if name in holder or old not in holder:
        return False
    holder[name] = holder.pop(old)
    renamed = path[: -len(str(old))] + name
    return not any(e.path.startswith(renamed) for e in schema.check(copy, str(data["apiVersion"]), str(data["kind"]), version))


def _steps(path: str) -> list[Any]:
    """`spec.ports[0].name` -> spec, ports, 0, name."""
    return [int(p[1:-1]) if p.startswith("[") and p[1:-1].isdigit() else p.strip("[]") for p in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path)]


def _of_version(manifest: Manifest, options: Options) -> list[Placed]:
    """An apiVersion that went, where the object is good in the one that came, but for what can be mended too."""
    data = manifest.data
    api_version, kind = str(data.get("apiVersion")), str(data.get("kind"))
    life = schema.removed(api_version, kind, options.version) or schema.deprecated(api_version, kind, options.version)
    if life is None or (api_version, life.replacement, kind) not in SAME_SHAPE or schema.lookup(options.version, life.replacement, kind) is None:
        return []
    if kind == "PodDisruptionBudget" and not (data.get("spec") or {}).get("selector"):
        return []  # an empty selector selected nothing, and selects everything now
    moved = {**data, "apiVersion": life.replacement}
    wrong, mended = schema.check(moved, life.replacement, kind, options.version), _of_schema(manifest, moved, options.version)
    if len(wrong) > len(mended):
        return []
    if not wrong and not Door(options.version, Clock(), plugins=()).create(moved, Call(namespace=options.namespace, dry_run=True)).accepted:
        return []
    return [_placed(manifest, "apiVersion", Edit(VALUE, life.replacement)), *mended]


def _changed(file: str, placed: Iterable[Placed], options: Options) -> Change | None:
    """A file with its edits made, and those that they uncover; None where none can be made."""
    try:
        before = Path(file).read_bytes()
        text = before.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    said: list[str] = []
    for _ in range(PASSES):
        after, done = _mended(text, placed)
        if not done or not _holds(text, after, options.version):
            break
        text, said = after, said + done
        placed = _offered(load(["-"], stdin=text), options)
    return Change(file, before, text.encode("utf-8"), tuple(said)) if said else None


def _mended(text: str, placed: Iterable[Placed]) -> tuple[str, list[str]]:
    """A text with edits made from the last to the first, and what was done."""
    lines, said, seen = text.split("\n"), [], set()
    for each in sorted(placed, key=lambda p: (p.span.line, p.span.column), reverse=True):
        span = each.span
        if (span.line, span.column) in seen or not 0 < span.line <= len(lines):
            continue
        seen.add((span.line, span.column))
        line, at = lines[span.line - 1], span.column - 1
        new = _edited(line[at:], each)
        if new is not None:
            lines[span.line - 1] = line[:at] + new
            said.append(f"{span.line}:{span.column}: {_words(each)}")
    return "\n".join(lines), said[::-1]


def _edited(rest: str, placed: Placed) -> str | None:
    """What follows a place, edited; None where something else stands there."""
    action, text = placed.edit
    if action == RENAME:
        old = _steps(placed.path)[-1]
        for quote in ("", '"', "'"):
            if rest.startswith(f"{quote}{old}{quote}") and rest[len(f"{quote}{old}{quote}") :].lstrip(" ").startswith(":"):
                return f"{quote}{text}{quote}" + rest[len(f"{quote}{old}{quote}") :]
        return None
    plain, quoted = _PLAIN.match(rest), _QUOTED.match(rest)
    if action == QUOTE:
        return f'"{plain[0]}"{rest[plain.end() :]}' if plain else None
    if action == UNQUOTE:
        return f"{quoted[1] or quoted[2]}{rest[quoted.end() :]}" if quoted else None
    found = re.match(r"([\"']?)([\w./-]+)\1", rest)
    return f"{found[1]}{text}{found[1]}{rest[found.end() :]}" if found else None


def _words(placed: Placed) -> str:
    action, text = placed.edit
    what = {RENAME: f"renamed to {text}", QUOTE: "put in quotes", UNQUOTE: "quotes removed", VALUE: f"now {text}"}
    return f"{placed.path}: {what[action]}"


def _holds(before: str, after: str, version: str) -> bool:
    """Whether an edited text still reads, as many objects of the same kinds, and no object has more against it than it had."""
    old, new = list(read_documents(before)), list(read_documents(after))
    if len(old) != len(new):
        return False
    for was, now in zip(old, new, strict=True):
        if (was.error is None) != (now.error is None):
            return False
        if isinstance(was.value, dict) and (not isinstance(now.value, dict) or was.value.get("kind") != now.value.get("kind")):
            return False
        if isinstance(was.value, dict) and _faults(now.value, version) > _faults(was.value, version):
            return False
    return True


def _faults(data: Object, version: str) -> int:
    """How much the schema has against an object; what it does not know counts as one."""
    try:
        return len(schema.check(data, str(data.get("apiVersion")), str(data.get("kind")), version))
    except KeyError:
        return 1
