"""Asking an admission plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from admission_cases import FakeReader, kind_of

from kplan.admission import Plugin, Request
from kplan.api.objects import Object
from kplan.api.status import StatusError

Ask = Callable[..., Request]


@pytest.fixture
def ask() -> Ask:
    """`ask(plugin, obj, *others, old=…)` runs a plugin's admit and validate; the request has what came of it."""

    def run(plugin: Plugin, obj: Object, *others: Object, old: Object | None = None, **more: Any) -> Request:
        meta = obj["metadata"]
        request = Request(
            operation="CREATE" if old is None else "UPDATE",
            kind=kind_of(obj),
            namespace=meta.get("namespace") or "",
            name=meta.get("name") or "",
            object=obj,
            old=old,
            **more,
        )
        reader = FakeReader(others)
        plugin.admit(request, reader)
        plugin.validate(request, reader)
        return request

    return run


@pytest.fixture
def refusal(ask: Ask) -> Callable[..., str]:
    """The message with which a plugin refuses; the empty string where it does not."""

    def run(*args: Any, **more: Any) -> str:
        try:
            ask(*args, **more)
        except StatusError as error:
            return error.status.message
        return ""

    return run
