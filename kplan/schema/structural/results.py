"""What validation against an OpenAPI schema finds, before it becomes field errors.

Upstream: vendor/k8s.io/kube-openapi/pkg/validation/{validate/result.go,errors/schema.go}, and kubeOpenAPIResultToFieldErrors of
apiextensions-apiserver/pkg/apiserver/validation/validation.go. Findings of equal text count once; `matches` counts what went well,
by which anyOf and oneOf choose the alternative that they report.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kplan.api.field import FieldError, invalid, not_supported, required, too_long, too_many, type_invalid
from kplan.api.gotext import go_json, go_quote
from kplan.schema.structural.numbers import number_text, printed
from kplan.schema.structural.paths import NIL, child

INVALID, TYPE, REQUIRED, ENUM, LONG, MANY, PLAIN = "invalid", "type", "required", "enum", "long", "many", "plain"


class Finding(NamedTuple):
    """One thing wrong. `text` is the validator's message; `name` the path as the validator writes it, absent for PLAIN findings."""

    kind: str
    name: str
    value: Any
    text: str
    limit: Any = None

    def at(self, base: str) -> FieldError:
        """The field error, for a value that stands at `base`."""
        path = base
        if self.name not in ("", "."):
            path = child(base, self.name.removeprefix("."))
        if self.kind == REQUIRED:
            return required(path)
        if self.kind == ENUM:
            return not_supported(path, printed(self.value), [v if isinstance(v, str) else go_json(v) for v in self.limit])
        if self.kind == LONG:
            return too_long(path, self.limit)
        if self.kind == MANY:
            return too_many(path, self.value, self.limit)
        if self.kind == PLAIN:
            return invalid(base, "", self.text)
        value = "" if self.value is None else printed(self.value)
        return (type_invalid if self.kind == TYPE else invalid)(path, value, self.text)


class Result:
    """Findings in order, and the number of checks that were passed."""

    __slots__ = ("_texts", "findings", "matches")

    def __init__(self, *findings: Finding) -> None:
        self.findings: list[Finding] = list(findings)
        self._texts = {f.text for f in findings}
        self.matches = 0

    @property
    def valid(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def add(self, finding: Finding) -> None:
        """Note a finding, unless one of the same text is there."""
        if finding.text not in self._texts:
            self._texts.add(finding.text)
            self.findings.append(finding)

    def merge(self, other: Result) -> None:
        """Take over what another result has."""
        for finding in other.findings:
            self.add(finding)
        self.matches += other.matches

    def forgive(self) -> Result:
        """The same, with nothing wrong."""
        out = Result()
        out.matches = self.matches
        return out

    def errors(self, base: str = NIL) -> list[FieldError]:
        """The field errors."""
        return [finding.at(base) for finding in self.findings]


def wrong_type(path: str, wanted: str, found: Any) -> Finding:
    """A value of another type; `found` names its own, or is the text that has not the format."""
    return Finding(TYPE, path, found, f"{path} in body must be of type {wanted}: {go_quote(found)}")


def missing(path: str) -> Finding:
    """A required field is not there."""
    return Finding(REQUIRED, path, None, f"{path} in body is required")


def none_of(path: str, value: Any, values: list[Any]) -> Finding:
    """A value is not in an enumeration."""
    return Finding(ENUM, path, value, f"{path} in body should be one of {values}", values)


def chars(path: str, value: str, limit: int, *, most: bool) -> Finding:
    """A text is too long or too short."""
    text = f"{path} in body should be at {'most' if most else 'least'} {limit} chars long"
    return Finding(LONG if most else INVALID, path, value, text, limit)


def count(path: str, actual: int, limit: int, things: str, *, most: bool) -> Finding:
    """A list or map has too many or too few `things`."""
    text = f"{path} in body should have at {'most' if most else 'least'} {limit} {things}"
    return Finding(MANY if most else INVALID, path, actual, text, limit)


def unmatched(path: str, value: str, pattern: str) -> Finding:
    """A text does not match a pattern."""
    return Finding(INVALID, path, value, f"{path} in body should match '{pattern}'")


def bound(path: str, value: float, words: str, limit: float) -> Finding:
    """A number is beyond a bound, or no multiple of another."""
    return Finding(INVALID, path, value, f"{path} in body should be {words} {number_text(limit)}")


def factor(path: str, value: float) -> Finding:
    """The number that others shall be multiples of is not positive."""
    return Finding(INVALID, path, value, f"factor MultipleOf declared for {path} must be positive: {number_text(value)}")


def repeated(path: str) -> Finding:
    """Items must be unique and are not."""
    return Finding(INVALID, path, None, f"{path} in body shouldn't contain duplicates")


def not_allowed(path: str, name: str) -> Finding:
    """A field that additionalProperties: false forbids."""
    return Finding(INVALID, path, name, f"{path}.{name} in body is a forbidden property")


def plain(text: str) -> Finding:
    """What is wrong with the whole, with no field of its own."""
    return Finding(PLAIN, "", None, text)
