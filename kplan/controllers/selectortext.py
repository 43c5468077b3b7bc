"""Label selectors as Go prints them with `%v`, which is how they stand in some events.

Upstream: the generated String methods of metav1.LabelSelector and LabelSelectorRequirement.
"""

from __future__ import annotations

from kplan.api.objects import Object


def label_selector_text(selector: Object | None) -> str:
    """`&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}`; `nil` for none."""
    if selector is None:
        return "nil"
    labels = "".join(f"{k}: {v}," for k, v in sorted((selector.get("matchLabels") or {}).items()))
    requirements = "".join(
        f"LabelSelectorRequirement{{Key:{e['key']},Operator:{e['operator']},Values:[{' '.join(e.get('values') or ())}],}},"
        for e in selector.get("matchExpressions") or ()
    )
    return f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{requirements}}},}}"
