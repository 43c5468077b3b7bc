"""Generated documents: the same bytes give the same objects, and every path leads to the token that it names."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from kplan.manifests.positions import find, segment, tree
from kplan.manifests.yaml import load_yaml, read_documents

SCALARS = ["web", "a b", "yes", "n", "0644", "1.50", "~", "''", '"q: é"', "'it''s'", "12", "-3", "null", "http://x:80", "1e3", '"\\u00e9"', "x#y"]
KEYS = ["name", "spec", "a.b/c", "x-y", "app.kubernetes.io/name", "'q'", '"d"', "k8s", "on-call", "é"]


class Writer:
    """Writes a random document, remembering where each value and key begins."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines = [""]
        self.places: list[tuple[str, tuple[int, int], tuple[int, int]]] = []

    def here(self) -> tuple[int, int]:
        return len(self.lines), len(self.lines[-1]) + 1

    def write(self, text: str) -> None:
        self.lines[-1] += text

    def line(self, indent: int) -> None:
        if self.random.random() < 0.15:
            self.lines.append(self.random.choice(["", "  # note", "    "]))
        self.lines.append(" " * indent)

    def value(self, path: str, indent: int, depth: int, key: tuple[int, int]) -> None:
        kind = self.random.choice("smmlf" if depth else "sf")
        if kind == "m":
            self.line(indent)
            self.mapping(path, indent, depth - 1, key)
        elif kind == "l":
            self.line(indent)
            self.sequence(path, indent, depth - 1, key)
        elif kind == "f":
            self.write(" " * self.random.randint(1, 2))
            self.flow(path, 2, key)
        elif depth and self.random.random() < 0.2:
            self.write(" ")
            self.places.append((path, self.here(), key))
            self.write(self.random.choice(["|", ">-", "|+"]))
            for text in self.random.sample(["a: b", "- c", "# d", "e"], 2):
                self.lines.append(" " * (indent + 1) + text)
        else:
            self.write(" ")
            self.scalar(path, key)

    def scalar(self, path: str, key: tuple[int, int]) -> None:
        self.places.append((path, self.here(), key))
        self.write(self.random.choice(SCALARS))

    def names(self) -> list[str]:
        return self.random.sample(KEYS, self.random.randint(1, 4))

    def mapping(self, path: str, indent: int, depth: int, key: tuple[int, int]) -> None:
        self.places.append((path, self.here(), key))
        for number, name in enumerate(self.names()):
            if number:
                self.line(indent)
            at = self.here()
            self.write(name + ":")
            self.value(path + segment(name.strip("'\"")), indent + self.random.randint(1, 4), depth, at)

    def sequence(self, path: str, indent: int, depth: int, key: tuple[int, int]) -> None:
        self.places.append((path, self.here(), key))
        for number in range(self.random.randint(1, 3)):
            if number:
                self.line(indent)
            self.write("-")
            inner = f"{path}[{number}]"
            if depth and self.random.random() < 0.5:
                self.write(" ")
                self.mapping(inner, indent + 2, depth - 1, self.here())
            else:
                self.write(" ")
                self.scalar(inner, self.here())

    def flow(self, path: str, depth: int, key: tuple[int, int]) -> None:
        kind = self.random.choice("sml" if depth else "s")
        if kind == "s":
            self.scalar(path, key)
            return
        self.places.append((path, self.here(), key))
        self.write("{" if kind == "m" else "[")
        for number, name in enumerate(self.names()):
            self.write(", " if number else "")
            at = self.here()
            if kind == "m":
                self.write(name + ": ")
            self.flow(path + (segment(name.strip("'\"")) if kind == "m" else f"[{number}]"), depth - 1, at)
        self.write("}" if kind == "m" else "]")


def written(seed: int) -> Writer:
    writer = Writer(seed)
    writer.mapping("", 0, 4, (1, 1))
    return writer


@pytest.mark.parametrize("seed", range(150))
def test_every_path_leads_to_its_token(seed: int) -> None:
    writer = written(seed)
    text = "\n".join(writer.lines) + "\n"
    (document,) = read_documents(text)
    assert document.error is None, text
    found = tree(document.text)
    assert found
    for path, value, key in writer.places:
        path = path.removeprefix(".")
        assert find(found.root, path) == value, (path, text)
        assert find(found.root, path, of_key=True) == (key if path else value), (path, text)


@pytest.mark.parametrize("seed", range(40))
def test_the_same_bytes_give_the_same_objects(seed: int) -> None:
    head = "apiVersion: v1\nkind: Thing\n"
    text = "---\n".join(head + "\n".join(written(seed * 7 + number).lines) + "\n" for number in range(3))
    text = text.replace("spec:", "inner:")
    first, again = load_yaml(text), load_yaml(text.encode())
    assert json.dumps(first) == json.dumps(again) == json.dumps(load_yaml(text.replace("\n", "\r\n")))
    assert load_yaml(json.dumps({"apiVersion": "v1", "kind": "List", "items": first})) == first


@pytest.mark.parametrize("seed", range(40))
def test_json_and_yaml_read_the_same_values(seed: int) -> None:
    generator = random.Random(seed)
    value = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}, "v": next(_values(generator, 5))}
    text = json.dumps(value)
    assert load_yaml(text) == load_yaml("# yaml\n" + text) == [value]


def _values(generator: random.Random, depth: int) -> Iterator[Any]:
    while True:
        kind = generator.randrange(7 if depth else 5)
        if kind == 5:
            yield [next(_values(generator, depth - 1)) for _ in range(generator.randrange(4))]
        elif kind == 6:
            yield {f"k{number}": next(_values(generator, depth - 1)) for number in range(generator.randrange(4))}
        else:
            yield [None, True, generator.randrange(-(2**63), 2**63), generator.randrange(1, 10**6) / 64 + 1 / 128, "té\n\t:x"][kind]
