"""Certificate signing requests."""

import base64

import pytest

from kplan.kinds.certificatesigningrequest import KIND
from kplan.kinds.signername import validate_signer_name

PEM = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def request(**spec):
    made = {"metadata": {"name": "r"}, "spec": {"request": encoded(PEM), "signerName": "example.com/s", "usages": ["client auth"], **spec}}
    KIND.prepare(made)
    return made


def approved(kind="Approved", reason=""):
    return {"type": kind, "status": "True", **({"reason": reason} if reason else {})}


def test_who_asks_is_not_the_askers_to_say():
    made = request(username="root", groups=["a"])
    KIND.prepare_for_user(made, "jane", ("dev",))
    assert (made["spec"]["username"], made["spec"]["groups"]) == ("jane", ["dev"])


def test_accepted():
    assert list(KIND.validate(request())) == []


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"request": encoded("no")}, "spec.request"),
        ({"usages": []}, "spec.usages"),
        ({"usages": ["signing", "signing"]}, "spec.usages[1]"),
        ({"signerName": "kubernetes.io/legacy-unknown"}, "spec.signerName"),
        ({"expirationSeconds": 599}, "spec.expirationSeconds"),
    ],
)
def test_refusals(spec, field):
    assert [e.field for e in KIND.validate(request(**spec))] == [field]


def test_the_spec_stays():
    new, old = request(usages=["signing"]), request()
    KIND.prepare_update(new, old)
    assert new["spec"] == old["spec"]


def test_approval_is_not_for_the_status():
    old, new = request(), request()
    new["status"] = {"conditions": [approved()]}
    KIND.prepare_status(new, old)
    assert [str(e) for e in KIND.validate_status(new, old)] == ['status.conditions: Forbidden: updates may not add a condition of type "Approved"']
    kept = request()
    kept["status"] = {"conditions": [approved(reason="other")]}
    old["status"] = {"conditions": [approved()]}
    KIND.prepare_status(kept, old)
    assert list(KIND.validate_status(kept, old)) == []


def test_a_certificate_is_set_once_and_by_status_only():
    certificate = encoded("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    old, new = request(), request()
    new["status"] = {"certificate": certificate}
    assert list(KIND.validate_status(new, old)) == []
    assert [e.field for e in KIND.validate_update(new, old)] == ["status.certificate"]
    assert [e.detail for e in KIND.validate_status(old, new)] == ["updates may not modify existing certificate content"]


@pytest.mark.parametrize(("name", "count"), [("example.com/signer", 0), ("a.b/c.d", 0), ("example.com", 1), ("a/b", 1), ("a.b/c/d", 1), ("", 1), ("A.b/c", 1)])
def test_signer_names(name, count):
    assert len(list(validate_signer_name(name, "signerName"))) == count
