"""Values of enumerations: Go's string types are printed as JSON, not with %q.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go, Error.ErrorBody, for named string types.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.api.field import FieldError, Printed, duplicate, invalid, not_supported
from kplan.api.gotext import go_json


def unsupported(path: str, value: str, supported: Iterable[str]) -> FieldError:
    """A value of a named string type that is none of its constants."""
    return not_supported(path, Printed(go_json(value)), supported)


def invalid_enum(path: str, value: str, detail: str) -> FieldError:
    """A value of a named string type that is wrong here."""
    return invalid(path, Printed(go_json(value)), detail)


def duplicate_enum(path: str, value: str) -> FieldError:
    """A value of a named string type that is there twice."""
    return duplicate(path, Printed(go_json(value)))
