"""What objects may be called: the rule of each kind is one of these.

Upstream: apimachinery's pkg/api/validation/generic.go and pkg/api/validation/path.
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.api.names.dns import is_dns1035_label, is_dns1123_label, is_dns1123_subdomain

NameRule = Callable[[str, bool], list[str]]  # of a name, or of a prefix of one; gives what is wrong


def is_path_segment_prefix(name: str) -> list[str]:
    """May stand at the start of a part of a URL path."""
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in name]


def is_path_segment_name(name: str) -> list[str]:
    """May be a part of a URL path."""
    return [f"may not be '{name}'"] if name in (".", "..") else is_path_segment_prefix(name)


def mask_trailing_dash(name: str) -> str:
    """A `generateName` as if its end were a name's end.   Upstream: maskTrailingDash."""
    return f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name


def name_is_dns_subdomain(name: str, prefix: bool) -> list[str]:
    """Name rule of most kinds: a DNS name."""
    return is_dns1123_subdomain(mask_trailing_dash(name) if prefix else name)


def name_is_dns_label(name: str, prefix: bool) -> list[str]:
    """Name rule of Namespaces: a DNS label."""
    return is_dns1123_label(mask_trailing_dash(name) if prefix else name)


def name_is_dns1035_label(name: str, prefix: bool) -> list[str]:
    """Name rule of few kinds: a DNS label that starts with a letter."""
    return is_dns1035_label(mask_trailing_dash(name) if prefix else name)


def name_is_path_segment(name: str, prefix: bool) -> list[str]:
    """Name rule of RBAC and of bindings: a part of a URL path."""
    return is_path_segment_prefix(name) if prefix else is_path_segment_name(name)
