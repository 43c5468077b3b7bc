"""Formats of texts."""

import pytest

from kplan.schema.structural.formats import FORMATS, is_recognized, normal

GOOD = {
    "date": ["2024-02-29", "0000-01-01"],
    "date-time": ["2024-01-02T03:04:05Z", "2024-01-02t03:04:05.123+01:00"],
    "duration": ["5s", "1h30m", "3 days", "2 weeks"],
    "email": ["a@b", "A B <a@b.c>", '"a b"@c.d'],
    "hostname": ["example.com", "a", "xn--a.example"],
    "ipv4": ["10.0.0.1", "010.0.0.1"],
    "ipv6": ["::1", "2001:db8::1"],
    "cidr": ["10.0.0.0/8", "::/0"],
    "mac": ["01:23:45:67:89:ab", "0123.4567.89ab", "01-23-45-67-89-AB-CD-EF"],
    "uri": ["https://example.com/x", "/x", "mailto:a@b"],
    "uuid": ["11111111-2222-3333-4444-555555555555", "11111111222233334444555555555555"],
    "uuid4": ["11111111-2222-4333-8444-555555555555"],
    "isbn": ["0321751043", "978-0321751041"],
    "creditcard": ["4111 1111 1111 1111"],
    "ssn": ["111-22-3333"],
    "hexcolor": ["#fff", "AABBCC"],
    "rgbcolor": ["rgb(255, 0,0)"],
    "byte": ["YWJj", "YQ=="],
    "bsonobjectid": ["0123456789abcdef01234567"],
    "password": ["", "x"],
    "k8s-short-name": ["a-1"],
    "k8s-long-name": ["a.b-c"],
}
BAD = {
    "date": ["2024-2-1", "2023-02-29", ""],
    "date-time": ["2024-01-02 03:04:05Z", "2024-01-02T24:00:00Z", "2024-01-02T03:04:05"],
    "duration": ["", "5x", "s"],
    "email": ["a", "a@", "a b@c", "a@b c"],
    "hostname": ["-a.com", "a b", "é!"],
    "ipv4": ["::1", "1.2.3", "1.2.3.256"],
    "ipv6": ["10.0.0.1", ":::"],
    "cidr": ["10.0.0.0", "10.0.0.0/33"],
    "mac": ["01:23:45:67:89", "01:23-45:67:89:ab"],
    "uri": ["", "x", "http://[", "http://a b"],
    "uuid": ["11111111-2222-3333-4444-55555555555g"],
    "uuid4": ["11111111-2222-3333-8444-555555555555"],
    "isbn": ["0321751044"],
    "creditcard": ["4111111111111112"],
    "ssn": ["111223333"],
    "hexcolor": ["#ff"],
    "rgbcolor": ["rgb(256,0,0)"],
    "byte": ["", "YQ", "!!"],
    "bsonobjectid": ["0123"],
    "k8s-short-name": ["A", "a.b", "a" * 64],
    "k8s-long-name": ["a..b"],
}


@pytest.mark.parametrize(("form", "text"), [(f, t) for f, texts in GOOD.items() for t in texts])
def test_good(form, text):
    assert FORMATS[normal(form)](text)


@pytest.mark.parametrize(("form", "text"), [(f, t) for f, texts in BAD.items() for t in texts])
def test_bad(form, text):
    assert not FORMATS[normal(form)](text)


def test_every_format_has_cases():
    assert {normal(form) for form in GOOD} | {"uuid3", "uuid5", "isbn10", "isbn13"} == set(FORMATS)


def test_formats_belong_to_types():
    assert is_recognized("string", "date-time") and is_recognized("", "uri") and is_recognized("integer", "int64")
    assert not is_recognized("integer", "date") and not is_recognized("object", "date") and not is_recognized("string", "int32")
