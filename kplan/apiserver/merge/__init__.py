"""Merging: server-side apply, the three kinds of patch, kubectl's client-side apply. Pure functions, no store."""

from __future__ import annotations

from kplan.apiserver.merge.structured import LAST_APPLIED, apply

__all__ = ["LAST_APPLIED", "apply"]
