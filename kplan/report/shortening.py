"""Long texts made short for people: values from where they differ, messages without the objects that the server prints into them. Machines get them whole."""

from __future__ import annotations

import re

LONGEST_MESSAGE, KEPT = 400, 60
INVALID, END = "Invalid value: {", "}: "
IMAGE = re.compile(r"[\w.-]+(?::\d+)?(?:/[\w.-]+)+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$")
DIGEST = re.compile(r"(@sha256:[0-9a-f]{7})[0-9a-f]+")
BEFORE, JOINTS = 12, "/, "  # characters before a difference, unless there is a joint near it


def cut(text: str, most: int) -> str:
    """The beginning of a text."""
    return text if len(text) <= most else text[: most - 1] + "…"


def apart(before: str, after: str, most: int) -> tuple[str, str]:
    """Two values, each of at most so many characters, such that what differs is seen."""
    if max(len(before), len(after)) <= most:
        return before, after
    if IMAGE.match(before) and IMAGE.match(after):
        one, other = _image(before, most), _image(after, most)
        if one != other and max(len(one), len(other)) <= most:
            return one, other
    same = next((i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), min(len(before), len(after)))
    joint = max(before.rfind(c, max(0, same - most // 2), same) for c in JOINTS)
    start = joint if joint >= 0 else max(0, same - BEFORE)
    if same < most - BEFORE:
        return cut(before, most), cut(after, most)
    return tuple("…" + cut(text[start:], most - 1) for text in (before, after))  # type: ignore[return-value]


def _image(text: str, most: int) -> str:
    """An image with its registry, its name and its tag, of a digest the beginning; what lies between registry and name gives way."""
    text = DIGEST.sub(r"\1…", text)
    parts = text.split("/")
    return text if len(text) <= most or len(parts) < 3 else f"{parts[0]}/…/{parts[-1]}"


def shortened(message: str) -> str:
    """A message without most of the object that is its invalid value."""
    if len(message) <= LONGEST_MESSAGE or INVALID not in message:
        return message
    start, end = message.index(INVALID) + len(INVALID) - 1, message.rfind(END)
    return f"{message[: start + KEPT]}…{message[end:]}" if end > start + KEPT else message


__all__ = ["apart", "cut", "shortened"]
