"""The quick reading of ordinary documents says what the exact one says, or nothing."""

from __future__ import annotations

import random

import pytest

from kplan.manifests.construct import construct
from kplan.manifests.errors import YamlError
from kplan.manifests.ordinary import ABSENT, ordinary

TEXT = """\
# a comment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {}
  annotations:
    note: "x # y"   # z
    other: 'é: no'
spec:
  replicas: 3
  paused: no
  ratio: 0.50
  template:
    spec:
      containers:
      - name: c
        image: registry.example:5000/app:1.2
        args: ["--port", 'a', on]
        command:
          - sh
          - -c
          - |
            set -e
              echo "$x"

            exit 0
        env: []
        resources:
          limits:
            cpu: 1
      volumes:
      - emptyDir: {}
        name:
data:
  a.conf: |-
    one

    two
  b: ~
"""
PIECES = [" ", "  ", "-", "- ", "#", " #", ":", ": ", '"', "'", "|", "|-", "|+", ">", "{}", "[]", "[a, b]", "\n", "\n\n", "y: ", "&a ", "*a", "!", "?", "%"]
PIECES += ["...\n", "---\n", "1", "0x1", "~", "<<: ", "\\", "\t", "null", ",", "@", "`", "=", ".inf", "\n  ", "\n - ", "é", "\u2028", "\x85", "\ufeff", "\n# c"]


def mutant(generator: random.Random) -> str:
    lines = TEXT.split("\n")
    for _ in range(generator.randrange(1, 4)):
        at, other, kind = generator.randrange(len(lines)), generator.randrange(len(lines)), generator.randrange(5)
        if kind == 0:
            lines[at] = " " * generator.randrange(1, 5) + lines[at]
        elif kind == 1:
            lines[at] = lines[at][generator.randrange(1, 3) :]
        elif kind == 2:
            lines[at], lines[other] = lines[other], lines[at]
        else:
            column = generator.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:column] + generator.choice(PIECES) + lines[at][column + generator.randrange(2) :]
    return "\n".join(lines) + "\n"


def test_an_ordinary_document_is_taken() -> None:
    value = ordinary(TEXT)
    assert value is not ABSENT
    assert repr(value) == repr(construct(TEXT)[0])
    assert value["spec"]["template"]["spec"]["containers"][0]["command"][2] == 'set -e\n  echo "$x"\n\nexit 0\n'


@pytest.mark.parametrize("seed", range(20))
def test_both_readings_agree(seed: int) -> None:
    generator, taken = random.Random(seed), 0
    for _ in range(300):
        text = mutant(generator)
        value = ordinary(text)
        if value is not ABSENT:
            taken += 1
            try:
                exact = construct(text)[0]
            except YamlError as error:
                pytest.fail(f"{error}: {text}")
            assert repr(value) == repr(exact), text
    assert taken > 20
