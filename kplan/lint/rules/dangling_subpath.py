"""Single files that are not in the volume."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.objects import Object
from kplan.api.ref import Ref
from kplan.diagnostics import Severity
from kplan.lint.pods import WORKLOADS
from kplan.lint.rule import Context, Finding, rule


@rule("dangling-subpath", Severity.WARNING, WORKLOADS)
def dangling_subpath(ref: Ref, obj: Object, context: Context) -> Iterator[Finding]:
    """The subPath of a mount names a key that the ConfigMap or Secret of the volume does not have.

    Why: the container gets an empty directory in place of the file.
    Example: `subPath: nginx.cnf` where the key is `nginx.conf`.
    Fix: correct the subPath, or add the key.
    Upstream: none; what the kubelet does for subPath.
    """
    pods = context.pods(ref)
    files: dict[str, set[str]] = {}
    for volume in pods.spec.get("volumes") or ():
        for field, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            source = volume.get(field)
            held = context.graph.objects.get(Ref("", kind, ref.namespace, source.get(name) or "")) if source else None
            if source and source.get("items"):
                files[volume["name"]] = {i.get("path") or "" for i in source["items"]}
            elif held is not None:
                files[volume["name"]] = {k for part in ("data", "binaryData", "stringData") for k in held.get(part) or ()}
    for c in pods.containers if files else ():
        for i, mount in enumerate(c.data.get("volumeMounts") or ()):
            path = (mount.get("subPath") or "").strip("/")
            there = files.get(mount["name"])
            if path and there is not None and path not in there and not any(f.startswith(f"{path}/") for f in there):
                has = f"it has {', '.join(sorted(there)[:5])}" if there else "it is empty"
                yield Finding(f"{c.path}.volumeMounts[{i}].subPath", f'volume "{mount["name"]}" has no file "{path}" ({has})', "correct the subPath")
