"""What objects use of a ResourceQuota: pods their requests, claims their storage, Services their ports, all others one each.

Upstream: pkg/quota/v1/evaluator/core, apiserver's pkg/quota/v1. Admission charges by these rules, the quota controller counts
again by them.
"""

from __future__ import annotations

from kplan.admission.quota_evaluators.evaluator import ZERO, Evaluator, scopes_of
from kplan.admission.quota_evaluators.pods import is_terminating
from kplan.admission.quota_evaluators.registry import calculate_usage, evaluator_of

__all__ = ["ZERO", "Evaluator", "calculate_usage", "evaluator_of", "is_terminating", "scopes_of"]
