"""Probes and the ports that they ask."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.api.ref import Ref
from kplan.lint.rule import Context, Finding


def undeclared_ports(context: Context, ref: Ref, probe: str, numbers: bool) -> Iterator[Finding]:
    """Probes of one sort that name a port which their container does not declare; with `numbers` also those that give an undeclared number."""
    for c in context.containers(ref):
        for handler in ("httpGet", "tcpSocket"):
            port = ((c.data.get(probe) or {}).get(handler) or {}).get("port")
            if port is None or (isinstance(port, int) and not numbers):
                continue
            key = "containerPort" if isinstance(port, int) else "name"
            if not any(p.get(key) == port for p in c.ports):
                has = ", ".join(sorted(str(p[key]) for p in c.ports if p.get(key))) or "none"
                what = f"port {port}" if isinstance(port, int) else f'port named "{port}"'
                yield Finding(f"{c.path}.{probe}.{handler}.port", f"{c.title} declares no {what} (it declares {has})", "correct the port")
