"""Go's regular expressions."""

import pytest

from kplan.api import regexp


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("[", "missing closing ]: `[`"),
        ("a[b", "missing closing ]: `[b`"),
        ("^(?!x)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?=x)", "invalid or unsupported Perl syntax: `(?=`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        (r"\y", r"invalid escape sequence: `\y`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{2,1}", "invalid repeat count: `{2,1}`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`"),
        ("(?P<n", "invalid named capture: `(?P<n`"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
    ],
)
def test_refused(pattern, error):
    with pytest.raises(regexp.RegexpError) as raised:
        regexp.compile(pattern)
    assert str(raised.value) == f"error parsing regexp: {error}"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^a$", ["a"], ["a\n", "b"]),
        ("(?m)^a$", ["b\na"], ["ab"]),
        (r"^\d+$", ["12"], ["٣"]),
        (r"^\w$", ["_"], ["é"]),
        (r"^\pL+$", ["éa"], ["1"]),
        (r"^\P{Lu}$", ["a"], ["A"]),
        ("(?i)^ab|c$", ["ABx", "C"], ["x"]),
        ("^x(?i:y)z$", ["xYz"], ["xYZ"]),
        ("^a.c$", ["abc"], ["a\nc"]),
        ("(?s)^a.c$", ["a\nc"], ["ac"]),
        (r"^\Qa.b\E$", ["a.b"], ["axb"]),
        ("^[]a]$", ["]"], ["b"]),
        ("^[a-]$", ["-"], ["b"]),
        ("^[[:alpha:]_]$", ["a", "_"], ["1"]),
        (r"^[^\s]$", ["a"], [" "]),
        (r"^\x41\x{42}\103$", ["ABC"], ["abc"]),
        ("^a{,3}$", ["a{,3}"], ["aaa"]),
        ("^(?:a|b)+?$", ["abab"], ["c"]),
    ],
)
def test_matches(pattern, yes, no):
    found = regexp.compile(pattern)
    assert all(found.search(text) for text in yes)
    assert not any(found.search(text) for text in no)
