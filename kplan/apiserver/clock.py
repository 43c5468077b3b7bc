"""The virtual clock. It moves only when the simulation says so; nothing reads the machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """Virtual UTC time, starting at 2026-01-01T00:00:00Z unless told otherwise."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now
        self._told = (now, _text(now))

    def advance(self, to: datetime) -> None:
        """Move forward; never back."""
        self.now = max(self.now, to)

    def text(self) -> str:
        """Now as metav1.Time prints it, whole seconds."""
        if self._told[0] is not self.now:
            self._told = (self.now, _text(self.now))
        return self._told[1]

    def micro_text(self) -> str:
        """Now as metav1.MicroTime prints it."""
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def after(self, seconds: float) -> datetime:
        """The time `seconds` from now."""
        return self.now + timedelta(seconds=seconds)


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
