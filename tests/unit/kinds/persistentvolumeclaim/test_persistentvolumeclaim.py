"""Claims: data sources, what an update may change, templates."""

import pytest

from kplan.kinds.claimspec import validate_claim_template
from kplan.kinds.persistentvolumeclaim import KIND

GI = "1Gi"


def claim(**spec):
    made = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": GI}}, **spec},
    }
    KIND.default(made)
    return made


def created(**spec):
    made = claim(**spec)
    KIND.prepare(made)
    KIND.finish(made)
    return made


def update_errors(new, old):
    KIND.prepare_update(new, old)
    return [str(e) for e in KIND.validate_update(new, old)]


def test_defaults():
    made = created()
    assert made["spec"]["volumeMode"] == "Filesystem"
    assert made["status"] == {"phase": "Pending"}


def test_quantities_finer_than_a_thousandth_round_up():
    assert claim(resources={"requests": {"storage": "1100u"}})["spec"]["resources"]["requests"]["storage"] == "2m"


def test_data_source_and_reference_mirror_each_other():
    source = {"kind": "PersistentVolumeClaim", "name": "other"}
    assert created(dataSource=source)["spec"]["dataSourceRef"] == source
    assert created(dataSourceRef=source)["spec"]["dataSource"] == source


def test_a_data_source_that_is_neither_claim_nor_snapshot_is_dropped():
    spec = created(dataSource={"apiGroup": "example.com", "kind": "Disk", "name": "x"})["spec"]
    assert "dataSource" not in spec and "dataSourceRef" not in spec


def test_sources_that_differ_are_refused():
    made = created(dataSource={"kind": "PersistentVolumeClaim", "name": "a"}, dataSourceRef={"kind": "PersistentVolumeClaim", "name": "b"})
    assert [str(e) for e in KIND.validate(made)] == ["spec: Invalid value: {}: must match dataSourceRef"]


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"accessModes": []}, "spec.accessModes: Required value: at least 1 access mode is required"),
        ({"accessModes": ["ReadWriteOncePod", "ReadWriteMany"]}, "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
        ({"resources": {}}, "spec.resources[storage]: Required value"),
        ({"resources": {"requests": {"storage": "0"}}}, 'spec.resources[storage]: Invalid value: "0": must be greater than zero'),
        ({"volumeMode": "Tape"}, 'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'),
    ],
)
def test_refusals(spec, error):
    assert [str(e) for e in KIND.validate(created(**spec))] == [error]


def test_the_class_may_be_named_once():
    assert update_errors(claim(storageClassName="fast"), created()) == []
    assert len(update_errors(claim(storageClassName="slow"), created(storageClassName="fast"))) == 1


def test_an_unbound_claim_does_not_grow_and_a_bound_one_does():
    wanted = {"requests": {"storage": "2Gi"}}
    errors = update_errors(claim(resources=wanted), created())
    assert len(errors) == 1
    assert errors[0].startswith("spec: Forbidden: spec is immutable after creation except")
    assert '-   "storage": "1Gi"\n+   "storage": "2Gi"\n' in errors[0]
    bound = created()
    bound["status"] = {"phase": "Bound", "capacity": {"storage": GI}}
    assert update_errors(claim(resources=wanted), bound) == []


def test_a_bound_claim_does_not_shrink_below_its_capacity():
    bound = created(resources={"requests": {"storage": "3Gi"}})
    bound["status"] = {"phase": "Bound", "capacity": {"storage": GI}}
    assert update_errors(claim(resources={"requests": {"storage": "2Gi"}}), bound) == []
    assert update_errors(claim(), bound) == ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"]


def test_equal_amounts_in_other_words_are_no_change():
    assert update_errors(claim(resources={"requests": {"storage": "1073741824"}}), created()) == []


def test_fractions_of_bytes_are_warned_of():
    made = created(resources={"requests": {"storage": "1500m"}})
    assert list(KIND.warnings(made)) == ['spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer']


def test_templates_have_labels_and_annotations_only():
    template = {"metadata": {"name": "x", "labels": {"a": "b"}}, "spec": claim()["spec"]}
    assert [str(e) for e in validate_claim_template(template, "volumeClaimTemplate")] == ["volumeClaimTemplate.metadata.name: Forbidden: cannot be set"]


def test_references():
    source = {"kind": "PersistentVolumeClaim", "name": "o"}
    found = {(r.path, r.kind, r.name) for r in KIND.references(claim(storageClassName="fast", volumeName="pv", dataSource=source))}
    assert found == {
        ("spec.storageClassName", "StorageClass.storage.k8s.io", "fast"),
        ("spec.volumeName", "PersistentVolume", "pv"),
        ("spec.dataSource.name", "PersistentVolumeClaim", "o"),
    }
