"""The rules, one module each. `RULES` is the order in which they run and are listed."""

from __future__ import annotations

from kplan.lint.rule import Rule
from kplan.lint.rules.dangling_horizontalpodautoscaler import dangling_horizontalpodautoscaler
from kplan.lint.rules.dangling_ingress import dangling_ingress
from kplan.lint.rules.dangling_networkpolicy import dangling_networkpolicy
from kplan.lint.rules.dangling_reference import dangling_reference
from kplan.lint.rules.dangling_service import dangling_service
from kplan.lint.rules.duplicate_object import duplicate_object
from kplan.lint.rules.invalid_target_ports import invalid_target_ports
from kplan.lint.rules.non_existent_service_account import non_existent_service_account

RULES: tuple[Rule, ...] = (
    dangling_reference,
    dangling_service,
    dangling_ingress,
    dangling_horizontalpodautoscaler,
    dangling_networkpolicy,
    duplicate_object,
    invalid_target_ports,
    non_existent_service_account,
)
