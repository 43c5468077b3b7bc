"""Image names: which tag a name means.

Upstream: ParseImageName in pkg/util/parsers/parsers.go, and the grammar of github.com/distribution/reference that it follows.
"""

from __future__ import annotations

import re
from functools import lru_cache

_COMPONENT = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = f"{_PATH_PART}(?:/{_PATH_PART})*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"{_DOMAIN}/(?P<path>{_PATH})(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?")
_IDENTIFIER = re.compile("[a-f0-9]{64}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


def _with_domain(image: str) -> str:
    """The name with its registry: `nginx` is `docker.io/library/nginx`."""
    first, slash, rest = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    if first == "index.docker.io":
        first = "docker.io"
    elif first != "localhost" and "." not in first and ":" not in first and first.lower() == first:
        first, rest = "docker.io", image
    if first == "docker.io" and "/" not in rest:
        rest = f"library/{rest}"
    return f"{first}/{rest}"


@lru_cache(maxsize=4096)
def tag_of(image: str) -> str:
    """The tag of an image name, `latest` where it names neither tag nor digest; empty for a digest alone and for what is no name."""
    if _IDENTIFIER.fullmatch(image):
        return ""
    found = _REFERENCE.fullmatch(_with_domain(image))
    if found is None or len(found["path"]) > 255:
        return ""
    digest = found["digest"]
    if digest:
        algorithm, _, code = digest.partition(":")
        if len(code) != _DIGEST_LENGTHS.get(algorithm) or code != code.lower():
            return ""
        return found["tag"] or ""
    return found["tag"] or "latest"


def pull_policy_of(image: str) -> str:
    """The pull policy that an image name implies."""
    return "Always" if tag_of(image) == "latest" else "IfNotPresent"
