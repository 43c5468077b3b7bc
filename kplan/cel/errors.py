"""What goes wrong with an expression: errors of compiling, shown as cel-go shows them, and errors of evaluating.

Upstream: cel-go common/{error,errors,source}.go. Positions are offsets in characters; -1: nowhere in particular.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

LARGEST_SNIPPET = 16384
MOST_ISSUES = 100


class Issue(NamedTuple):
    """One thing that is wrong with an expression, at `offset`."""

    offset: int
    message: str


class CompileError(Exception):
    """An expression that does not compile; the text is what the server prints."""

    def __init__(self, source: str, issues: list[Issue]) -> None:
        super().__init__(display(source, issues))
        self.issues = issues


class EvaluationError(Exception):
    """An evaluation that gives no value; the text is cel-go's."""


class CancelledError(EvaluationError):
    """An evaluation that was stopped: it cost more than it may. No operator absorbs it."""


def display(source: str, issues: list[Issue]) -> str:
    """All issues in the order of their places, each with the line it is about and a mark below it."""
    starts = [0]
    for i, char in enumerate(source):
        if char == "\n":
            starts.append(i + 1)
    lines = source.split("\n")

    def place(issue: Issue) -> tuple[int, int]:
        if not source and issue.offset == 0:
            return 1, -1
        if issue.offset < 0:
            return -1, -1
        line = bisect_right(starts, issue.offset)
        return line, issue.offset - starts[line - 1]

    shown = []
    for issue in sorted(issues[:MOST_ISSUES], key=place):
        line, column = place(issue)
        text = f"ERROR: <input>:{line}:{column + 1}: {issue.message}"
        if source and 1 <= line <= len(lines) and len(lines[line - 1].encode()) <= LARGEST_SNIPPET:
            snippet = lines[line - 1].replace("\t", " ")
            marks = "".join("\uff0e" if ord(char) > 127 else "." for char in snippet[: max(column, 0)])
            wide = column < len(snippet) and ord(snippet[column]) > 127
            text += f"\n | {snippet}\n | {marks}{chr(0xFF3E) if wide else '^'}"
        shown.append(text)
    if len(issues) > MOST_ISSUES:
        shown.append(f"{len(issues) - MOST_ISSUES} more errors were truncated")
    return "\n".join(shown)
