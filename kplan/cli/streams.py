"""Standard streams as they may be: closed, full, of a small encoding, with nobody reading any more."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from typing import NoReturn

# what text formats use beyond ASCII
NARROW = {"→": "->", "…": "...", "–": "-", "×": "x", "─": "-", "├": "|", "└": "`", "⏎": "\\n", "✓": "+", "✗": "x", "·": "-"}
HANDLER = "kplan.narrow"


class ReaderGoneError(Exception):
    """Whoever read standard output does so no more, such as `head`."""


def prepare() -> None:
    """A closed stream is an empty one; what an encoding lacks is written in other words."""
    codecs.register_error(HANDLER, _narrowed)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 -- for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=HANDLER)


def for_machines() -> None:
    """Formats for programs are UTF-8 with plain line ends, whatever the locale."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors=HANDLER, newline="\n")


def abandon() -> None:
    """Nothing more can be written: what is still buffered goes nowhere, so that the interpreter ends quietly."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def leave(code: int) -> NoReturn:
    """End the process at once, with all that was written. The interpreter would first take every object apart: a tenth of a plan's time."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _narrowed(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(NARROW.get(c, "?") for c in error.object[error.start : error.end]), error.end


__all__ = ["ReaderGoneError", "abandon", "for_machines", "leave", "prepare"]
