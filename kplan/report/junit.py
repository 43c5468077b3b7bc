"""JUnit XML, for CI systems that show test results: one suite a file, one case an object or file, a failure each diagnostic.

Format: the common subset that Jenkins, GitLab and Azure read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from kplan.diagnostics import Diagnostic, Severity


def render_diagnostics(diagnostics: Iterable[Diagnostic], out: TextIO) -> None:
    """Errors and warnings are failures; notes are left out."""
    suites: dict[str, dict[str, list[Diagnostic]]] = {}
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.NOTE:
            continue
        file = diagnostic.span.file if diagnostic.span else "(the plan)"
        name = str(diagnostic.ref) if diagnostic.ref else file
        suites.setdefault(file, {}).setdefault(name, []).append(diagnostic)
    failures = sum(len(found) for cases in suites.values() for found in cases.values())
    cases = sum(map(len, suites.values()))
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites name="kplan" tests="{max(cases, 1)}" failures="{failures}">\n')
    if not suites:
        out.write('  <testsuite name="kplan" tests="1" failures="0">\n    <testcase name="manifests" classname="kplan"/>\n  </testsuite>\n')
    for file, objects in sorted(suites.items()):
        out.write(f'  <testsuite name={quoteattr(file)} tests="{len(objects)}" failures="{sum(map(len, objects.values()))}">\n')
        for name, found in sorted(objects.items()):
            out.write(f"    <testcase name={quoteattr(_clean(name))} classname={quoteattr(_clean(file))}>\n")
            for diagnostic in found:
                out.write(_failure(diagnostic))
            out.write("    </testcase>\n")
        out.write("  </testsuite>\n")
    out.write("</testsuites>\n")


def _failure(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.span}: " if diagnostic.span else ""
    text = place + diagnostic.message + (f"\n{diagnostic.hint}" if diagnostic.hint else "")
    return f"      <failure type={quoteattr(diagnostic.rule)} message={quoteattr(_clean(diagnostic.message))}>{escape(_clean(text))}</failure>\n"


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 does not have."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 0x20)
