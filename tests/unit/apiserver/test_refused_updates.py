"""What the server says of updates that it refuses, and what a write of the status may not bring with it."""

from __future__ import annotations

import kplan
from kplan.api.objects import copy_tree

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"containers": [{"name": "app", "image": "app:1", "env": [{"name": "A", "value": "1"}]}]},
}
TEMPLATE = {
    "apiVersion": "resource.k8s.io/v1",
    "kind": "ResourceClaimTemplate",
    "metadata": {"name": "gpu"},
    "spec": {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}}},
}


def test_a_list_that_was_sent_empty_is_shown_empty():
    """Go's decoder makes an empty slice of `[]` and none of what is absent, and the difference prints one as [], one as null."""
    cluster = kplan.Cluster(version="1.36")
    assert cluster.create(POD).code == 201
    emptied, absent = copy_tree(POD), copy_tree(POD)
    emptied["spec"]["containers"][0]["env"] = []
    del absent["spec"]["containers"][0]["env"]
    assert '\n+   "Env": [],' in cluster.update(emptied).message
    assert '\n+   "Env": null,' in cluster.update(absent).message


def test_so_is_what_holds_nothing_but_it():
    cluster = kplan.Cluster(version="1.36")
    assert cluster.create(TEMPLATE).code == 201
    emptied = copy_tree(TEMPLATE)
    emptied["spec"]["spec"]["devices"]["requests"] = []
    refused = cluster.update(emptied)
    assert '{"Devices":{"Requests":[],"Constraints":null,"Config":null}}' in refused.message
    assert [cause.field for cause in refused.causes] == ["spec"]


def test_what_is_sent_empty_is_stored_as_absent():
    cluster = kplan.Cluster(version="1.36")
    emptied = copy_tree(POD)
    emptied["spec"]["containers"][0]["env"] = []
    assert "env" not in cluster.create(emptied).object["spec"]["containers"][0]


def test_labels_sent_with_a_status_must_be_valid():
    """Upstream: rest.BeforeUpdate validates the common fields whatever the subresource."""
    cluster = kplan.Cluster(version="1.36")
    cluster.create(POD)
    refused = cluster.patch(POD, {"metadata": {"labels": {"a b": "c"}}}, "merge", subresource="status")
    assert (refused.code, {cause.field for cause in refused.causes}) == (422, {"metadata.labels"})


def test_a_service_cidr_keeps_its_metadata_when_its_status_is_written():
    """Upstream: the status strategy's PrepareForUpdate calls ResetObjectMetaForStatus."""
    cluster = kplan.Cluster(version="1.36")
    cidr = {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": "more"}, "spec": {"cidrs": ["10.9.0.0/24"]}}
    cluster.create(cidr)
    written = cluster.patch(cidr, {"metadata": {"labels": {"a": "b"}}}, "merge", subresource="status")
    assert written.code == 200 and "labels" not in written.object["metadata"]


def test_a_new_object_has_no_resource_version_even_where_there_is_one_of_its_name():
    """Upstream: etcd3's Create looks at the version first; a dry run only looks whether the key is taken (DryRunnableStorage)."""
    cluster = kplan.Cluster(version="1.36")
    stored = cluster.create(POD).object
    assert cluster.create(stored).message.endswith("resourceVersion should not be set on objects to be created")
    assert cluster.create(stored, dry_run=True).reason == "AlreadyExists"
