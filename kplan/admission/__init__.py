"""Admission plugins, one module each. `PLUGINS` has the server's order."""

from __future__ import annotations

from kplan.admission.request import ADMIN, Plugin, Request, User

PLUGINS: tuple[Plugin, ...] = ()

__all__ = ["ADMIN", "PLUGINS", "Plugin", "Request", "User"]
