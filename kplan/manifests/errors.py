"""What is wrong with a text that should be YAML or JSON, and where."""

from __future__ import annotations


class YamlError(ValueError):
    """A text that kubectl would refuse to read; `line` and `column` count from 1 (0: unknown), `path` is the field's if one is at fault."""

    def __init__(self, message: str, line: int = 0, column: int = 0, path: str = "") -> None:
        super().__init__(message, line, column)
        self.path = path
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = "".join(f"{word} {number}, " for word, number in (("line", self.line), ("column", self.column)) if number)
        return f"{place[:-2]}: {self.message}" if place else self.message

    def moved(self, lines: int) -> YamlError:
        """The same error, its text starting `lines` further down."""
        return YamlError(self.message, self.line + lines if self.line else lines + 1, self.column, self.path)
