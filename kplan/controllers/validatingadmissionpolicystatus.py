"""Says of each ValidatingAdmissionPolicy whether its expressions fit the types that it matches.

Upstream: pkg/controller/validatingadmissionpolicystatus.
"""

from __future__ import annotations

from kplan.api.objects import Object
from kplan.apiserver.client import Client
from kplan.apiserver.loops import RETRY, Controller, Key, Watch, itself
from kplan.kinds import KINDS

POLICY = "ValidatingAdmissionPolicy.admissionregistration.k8s.io"


class ValidatingAdmissionPolicyStatusController(Controller):
    """Keys: ("", name) of policies."""

    name = "validatingadmissionpolicy-status"
    watches = (Watch(POLICY, itself),)

    def sync(self, key: Key, api: Client) -> float | None:
        """Check the types of a policy's generation once."""
        policy = api.get(POLICY, *key)
        if policy is None:
            return None
        status = policy.get("status") or {}
        generation = policy["metadata"].get("generation") or 0
        if generation <= (status.get("observedGeneration") or 0):
            return None
        from kplan.kinds.policytypes import expression_warnings

        warnings = expression_warnings(policy, api, KINDS)
        checking: Object = {"expressionWarnings": warnings} if warnings else {}
        written = api.write_status(policy, {**status, "observedGeneration": generation, "typeChecking": checking})
        return None if written.accepted else RETRY
