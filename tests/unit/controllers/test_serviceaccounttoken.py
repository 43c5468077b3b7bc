"""Tokens as Secrets: filled in for an account that is there, gone without it."""

from __future__ import annotations

import base64
from typing import Any

import kplan

Object = dict[str, Any]
TOKEN = {"apiVersion": "v1", "kind": "Secret", "name": "token"}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}


def token(**notes: str) -> Object:
    meta = {"name": "token", "annotations": {"kubernetes.io/service-account.name": "robot", **notes}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "kubernetes.io/service-account-token"}


def cluster(*objects: Object) -> kplan.Cluster:
    made = kplan.Cluster()
    made.run()
    for obj in objects:
        assert made.create(obj).accepted
    assert made.run().converged
    return made


def test_a_token_is_filled_in() -> None:
    made = cluster(ACCOUNT, token())
    secret, account = made.get(TOKEN), made.get({"apiVersion": "v1", "kind": "ServiceAccount", "name": "robot"})
    assert secret is not None and account is not None
    assert sorted(secret["data"]) == ["ca.crt", "namespace", "token"]
    assert base64.b64decode(secret["data"]["namespace"]) == b"default"
    assert secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] == account["metadata"]["uid"]


def test_a_token_without_its_account_is_deleted() -> None:
    assert cluster(token()).get(TOKEN) is None


def test_a_token_of_an_earlier_account_of_that_name_is_deleted() -> None:
    assert cluster(ACCOUNT, token(**{"kubernetes.io/service-account.uid": "of-another"})).get(TOKEN) is None


def test_tokens_go_with_their_account() -> None:
    made = cluster(ACCOUNT, token())
    made.delete({"apiVersion": "v1", "kind": "ServiceAccount", "name": "robot"})
    made.run()
    assert made.get(TOKEN) is None


def test_other_secrets_are_left_alone() -> None:
    opaque = {**token(), "type": "Opaque", "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": "nobody"}}}
    secret = cluster(opaque).get(TOKEN)
    assert secret is not None and "data" not in secret
