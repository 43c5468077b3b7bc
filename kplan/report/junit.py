"""JUnit XML, for CI systems that show test results: one suite a file, one case an object or file, which fails with all that is said of it.

Format: the common subset that Jenkins, GitLab and Azure read; a case has at most one failure, since not all of them read more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TextIO

from kplan.diagnostics import Diagnostic, Severity

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO) -> None:
    """Errors and warnings are failures; notes are left out."""
    suites: dict[str, dict[str, list[Diagnostic]]] = {}
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.NOTE:
            continue
        file = diagnostic.span.file if diagnostic.span else "(the plan)"
        name = str(diagnostic.ref) if diagnostic.ref else file
        suites.setdefault(file, {}).setdefault(name, []).append(diagnostic)
    cases = sum(map(len, suites.values()))
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites name="kplan" tests="{max(cases, 1)}" failures="{cases}" errors="0">\n')
    if not suites:
        out.write('  <testsuite name="kplan" tests="1" failures="0" errors="0">\n    <testcase name="manifests" classname="kplan"/>\n  </testsuite>\n')
    for file, objects in sorted(suites.items()):
        out.write(f'  <testsuite name={_quoted(file)} tests="{len(objects)}" failures="{len(objects)}" errors="0">\n')
        for name, found in sorted(objects.items()):
            out.write(f"    <testcase name={_quoted(name)} classname={_quoted(file)}>\n")
            out.write(_failure(found))
            out.write("    </testcase>\n")
        out.write("  </testsuite>\n")
    out.write("</testsuites>\n")


def _failure(found: list[Diagnostic]) -> str:
    """All that is said of an object; the first finding, or the first error, stands for it."""
    first = max(found, key=lambda d: d.severity)
    message = first.message + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
    text = escape(_clean("\n".join(map(_told, found))), quote=False)
    return f"      <failure type={_quoted(first.rule)} message={_quoted(message)}>{text}</failure>\n"


def _told(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.span}: " if diagnostic.span else ""
    return f"{place}{diagnostic.severity}: {diagnostic.message} [{diagnostic.rule}]" + (f"\n{diagnostic.hint}" if diagnostic.hint else "")


def _quoted(text: str) -> str:
    """An attribute's value; ends of lines in it would otherwise be read as spaces."""
    escaped = escape(_clean(text), quote=False).replace('"', "&quot;")
    return '"' + escaped.replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;") + '"'


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 does not have."""
    return _NOT_XML.sub("", text)
