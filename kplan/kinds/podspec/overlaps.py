"""Files of one volume that get in each other's way.

Upstream: warningsForOverlappingVirtualPaths in pkg/api/pod/warnings.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kplan.api.gotext import go_quote
from kplan.api.objects import Object


class _File(NamedTuple):
    path: str
    source: str

    def __str__(self) -> str:
        return f"{go_quote(self.path)} ({self.source})" if self.source else go_quote(self.path)


def overlapping_paths(volumes: Iterable[Object]) -> Iterator[str]:
    """Warnings about paths of a volume that are equal or lie below one another."""
    for volume in volumes:
        name = volume.get("name", "")
        for kind, shown, named in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")):
            source = volume.get(kind)
            if source and source.get("items"):
                title = f"{shown} {go_quote(source.get(named, ''))}" if named else shown
                yield from _overlaps(name, title, _items(source, ""))
        projected = volume.get("projected")
        if projected is None:
            continue
        files: list[_File] = []
        for source in projected.get("sources") or ():
            if not source:
                yield f"volume {go_quote(name)} (Projected) has no sources provided"
            files.extend(_projected_files(source))
        yield from _overlaps(name, "Projected", files)


def _items(source: Object, title: str) -> list[_File]:
    return [_File(item.get("path", ""), title) for item in source.get("items") or ()]


def _projected_files(source: Object) -> list[_File]:
    """The files of one source: of the first sort that it has."""
    for kind, shown in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if (source.get(kind) or {}).get("items"):
            return _items(source[kind], f"{shown} {go_quote(source[kind].get('name', ''))}")
    if (source.get("downwardAPI") or {}).get("items"):
        return _items(source["downwardAPI"], "DownwardAPI")
    if (token := source.get("serviceAccountToken")) is not None:
        return [_File(token.get("path", ""), "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        title = bundle["name"] if bundle.get("name") is not None else bundle.get("signerName") or ""
        return [_File(bundle.get("path", ""), f"ClusterTrustBundle {go_quote(title)}")]
    if (certificate := source.get("podCertificate")) is not None:
        parts = (("certificateChainPath", "chain"), ("keyPath", "key"), ("credentialBundlePath", "credential bundle"))
        return [_File(certificate[key], f"PodCertificate {what}") for key, what in parts if certificate.get(key)]
    return []


def _overlaps(volume: str, title: str, files: list[_File]) -> Iterator[str]:
    seen: list[_File] = []
    for given in files:
        file = given._replace(path=given.path.rstrip("/"))
        for other in seen:
            if file.path and other.path and (f"{other.path}/".startswith(f"{file.path}/") or f"{file.path}/".startswith(f"{other.path}/")):
                yield f"volume {go_quote(volume)} ({title}): overlapping paths: {file} with {other}"
        seen.append(file)
