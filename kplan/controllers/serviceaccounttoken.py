"""Secrets of type kubernetes.io/service-account-token: filled in for their ServiceAccount, deleted where there is none.

Upstream: pkg/controller/serviceaccount/tokens_controller.go. The token itself says only whose it would be: nobody here checks one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from kplan.api.objects import Object, annotations_of, replace
from kplan.api.reader import Entry, Reader
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself

TYPE = "kubernetes.io/service-account-token"
NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
ROOT_CA = "kube-root-ca.crt"


def _is_token(secret: Object) -> bool:
    return bool(secret.get("type") == TYPE)


def _token(entry: Entry, reader: Reader) -> Iterable[Key]:
    """A token's Secret."""
    return itself(entry, reader) if entry.new is not None and _is_token(entry.new) else ()


def _tokens_of(entry: Entry, reader: Reader) -> Iterable[Key]:
    """The tokens of a ServiceAccount that came, changed or went."""
    meta = entry.object["metadata"]
    secrets = reader.list("Secret", meta["namespace"])
    return [(meta["namespace"], s["metadata"]["name"]) for s in secrets if _is_token(s) and annotations_of(s).get(NAME) == meta["name"]]


class TokensController(Controller):
    """Keys: (namespace, name) of Secrets."""

    name = "serviceaccount-token-controller"
    watches = (Watch("Secret", _token), Watch("ServiceAccount", _tokens_of))

    def sync(self, key: Key, api: Client) -> float | None:
        """Fill in what a token misses, or delete it.   Upstream: syncSecret."""
        secret = api.get("Secret", *key)
        if secret is None or not _is_token(secret) or "deletionTimestamp" in secret["metadata"]:
            return None
        notes = annotations_of(secret)
        account = api.get("ServiceAccount", key[0], notes.get(NAME, ""))
        if account is None or notes.get(UID, account["metadata"]["uid"]) != account["metadata"]["uid"]:
            answer = api.delete(secret)
            return None if answer.accepted or answer.code == 404 else RETRY
        root = (api.get("ConfigMap", key[0], ROOT_CA) or {}).get("data", {}).get("ca.crt", "")
        held = secret.get("data") or {}
        token = f"token of {notes[NAME]}"
        data = {**held, "namespace": held.get("namespace") or _encoded(key[0]), "token": held.get("token") or _encoded(token)}
        if root:
            data["ca.crt"] = _encoded(root)
        if data == held:
            return None
        named = replace(secret, ("metadata", "annotations"), {**notes, UID: account["metadata"]["uid"]})
        return None if api.write({**named, "data": data}).accepted else RETRY


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
