"""Manifests as kubectl sends them: YAML or JSON in, the JSON objects of its requests out.

Upstream: the stream and flatten visitors of k8s.io/cli-runtime/pkg/resource and UnstructuredJSONScheme of
k8s.io/apimachinery. Left out: whether the server knows the kind.
"""

from __future__ import annotations

from typing import Any

from kplan.manifests.documents import Document, read_documents
from kplan.manifests.errors import YamlError
from kplan.manifests.objects import objects

__all__ = ["Document", "YamlError", "load_yaml", "read_documents"]


def load_yaml(text: str | bytes) -> list[dict[str, Any]]:
    """The objects of a stream in its order, lists flattened. Raises YamlError for anything kubectl refuses, and for none at all."""
    found: list[dict[str, Any]] = []
    for document in read_documents(text):
        if document.error:
            raise document.error
        if document.value is not None:
            try:
                found.extend(map(_sent, objects(document.value)))
            except YamlError as error:
                raise error.moved(document.line - 1) from None
    if not found:
        raise YamlError("no objects found")
    return found


def _sent(data: dict[str, Any]) -> dict[str, Any]:
    """kubectl writes the namespace into what has none, so that no object lacks metadata; a kind of list takes none."""
    return data if "metadata" in data or data["kind"].endswith("List") else {**data, "metadata": {}}
