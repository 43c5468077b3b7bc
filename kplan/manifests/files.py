"""Files as documents, read by several processes where there is much to read.

Measured on two cores: 18 MB of definitions are read by one process in 1.0 s and by two in 0.7; 4.7 MB of workloads take 0.5 s in either case, since
what another process has read must be taken over, and starting it takes 0.1 s of its own. So below `MUCH`, one process reads. The documents
and their order are the same however many do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kplan.diagnostics import Diagnostic
from kplan.manifests.discovery import problem, unreadable
from kplan.manifests.documents import Document, decoded, read_documents
from kplan.manifests.encoding import is_binary, misread

MUCH = 8 << 20
PART = 1 << 20
MOST_JOBS = 8


class Text(NamedTuple):
    """The documents of a text, and what is to be said of its bytes."""

    documents: list[Document]
    misread: Diagnostic | None = None


Read = Text | Diagnostic


def parallel(jobs: int = 0) -> int:
    """How many processes work: so many as are asked for (0: as there are processors for this one)."""
    if jobs > 0:
        return jobs
    try:
        available = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        available = os.cpu_count() or 1
    return min(available, MOST_JOBS)


def read_text(source: str, data: str | bytes, max_depth: int, known: dict[str, Document]) -> Read:
    """The documents of a text; that it is none."""
    if isinstance(data, bytes) and is_binary(data):
        return problem("binary", source, f'"{source}" is not a text')
    text = decoded(data)
    wrong = misread(source, data) if isinstance(data, bytes) and "\ufffd" in text else None
    return Text(list(read_documents(text, max_depth, known)), wrong)


def read_files(paths: Iterable[str], max_bytes: int, max_depth: int, jobs: int, known: dict[str, Document]) -> Iterator[Read]:
    """What is in each file, in their order; what cannot be read is told in its place."""
    left = list(paths)
    if jobs > 1:
        sizes = [_size(path) for path in left]
        if sum(sizes) > MUCH:
            for found in _read_apart(_parts(left, sizes), max_bytes, max_depth, jobs):
                del left[: len(found)]
                yield from found
    for path in left:
        yield _read_file(path, max_bytes, max_depth, known)


def _read_apart(parts: Sequence[Sequence[str]], max_bytes: int, max_depth: int, jobs: int) -> Iterator[list[Read]]:
    """What other processes have read, part by part; ends early where processes cannot be had."""
    try:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(min(jobs, len(parts)), initializer=_quiet)
    except (ImportError, NotImplementedError, OSError):  # such as without shared memory
        return
    try:
        futures = [pool.submit(_read_part, part, max_bytes, max_depth) for part in parts]
        for future in futures:
            yield future.result()
    except (OSError, RuntimeError):  # a process was ended from outside, or none can be started: the rest is read here
        return
    finally:
        pool.shutdown(cancel_futures=True)


def _quiet() -> None:
    """Whoever interrupts means the one who reads the answers; that one ends the others."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_part(paths: Sequence[str], max_bytes: int, max_depth: int) -> list[Read]:
    known: dict[str, Document] = {}
    return [_read_file(path, max_bytes, max_depth, known) for path in paths]


def _parts(paths: Sequence[str], sizes: Sequence[int]) -> list[list[str]]:
    """Neighbours together, up to some bytes."""
    parts: list[list[str]] = [[]]
    held = 0
    for path, size in zip(paths, sizes, strict=True):
        if held and held + size > PART:
            parts.append([])
            held = 0
        parts[-1].append(path)
        held += size
    return parts


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read_file(path: str, max_bytes: int, max_depth: int, known: dict[str, Document]) -> Read:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > max_bytes else file.read(max_bytes + 1)
    except OSError as error:
        return unreadable(path, error)
    if max(size, len(data)) > max_bytes:
        return problem("too-large", path, f'"{path}" is larger than {max_bytes} bytes')
    return read_text(path, data, max_depth, known)


__all__ = ["MUCH", "Read", "Text", "parallel", "read_files", "read_text"]
