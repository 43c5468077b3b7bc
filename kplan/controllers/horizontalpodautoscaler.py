"""HorizontalPodAutoscalers scale what they target, every 15 seconds, between their bounds, by what their metrics say.

Upstream: pkg/controller/podautoscaler/horizontal.go. Left out: HPAScaleToZero (alpha). What metrics there are: `kplan.controllers.replicacalculator`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kplan.api.objects import Object, labels_of
from kplan.api.quantity import BINARY_SI, DECIMAL_SI, from_milli, parse_json
from kplan.api.selectors import SelectorError, parse
from kplan.apiserver.client import Client
from kplan.apiserver.loops import Controller, Key, Watch, itself
from kplan.controllers.ownership import Match
from kplan.controllers.replicacalculator import NO_CUSTOM_METRICS, NO_EXTERNAL_METRICS, MetricError, Tolerances, measured, usage_replicas, utilization_replicas
from kplan.controllers.scaletarget import Scale, ScaleError, get_scale
from kplan.controllers.scalingbehavior import HIGHER_BEFORE, Bounds, Memory, limit_by_rules
from kplan.controllers.selectortext import label_selector_text

KIND = "HorizontalPodAutoscaler.autoscaling"
PERIOD = 15.0
TOLERANCE = 0.1
ABLE, ACTIVE, LIMITED = "AbleToScale", "ScalingActive", "ScalingLimited"
NO_TARGET = "the HPA controller was unable to get the target's current scale: "


class _NotComputedError(Exception):
    """No metric says how many replicas there should be."""


class HorizontalPodAutoscalerController(Controller):
    """Keys: (namespace, name) of HorizontalPodAutoscalers. However often it is woken, it looks at one every 15 s."""

    name = "horizontal-pod-autoscaler"
    watches = (Watch(KIND, itself),)

    def __init__(self) -> None:
        self._due: dict[Key, datetime] = {}
        self._memory: dict[Key, Memory] = {}
        self._selectors: dict[Key, Match] = {}  # of the targets, as last seen

    def sync(self, key: Key, api: Client) -> float | None:
        """Upstream: reconcileKey, with the queue's fixed rate."""
        hpa = api.get(KIND, *key)
        if hpa is None:
            for known in (self._due, self._memory, self._selectors):
                known.pop(key, None)
            return None
        due = self._due.setdefault(key, api.now + timedelta(seconds=PERIOD))
        if api.now < due:
            return (due - api.now).total_seconds()
        self._due[key] = api.now + timedelta(seconds=PERIOD)
        Reconciliation(api, hpa, self._memory.setdefault(key, Memory()), self._selectors).run()
        return PERIOD


@dataclass(slots=True)
class Reconciliation:
    """One look at one autoscaler; `conditions` become those of its status."""

    api: Client
    hpa: Object
    memory: Memory
    selectors: dict[Key, Match]
    conditions: list[Object] = field(default_factory=list)
    metrics: list[Object] | None = None

    def run(self) -> None:
        """Upstream: reconcileAutoscaler."""
        spec, namespace = self.hpa["spec"], self.hpa["metadata"]["namespace"]
        self.conditions = list((self.hpa.get("status") or {}).get("conditions") or ())
        target = spec["scaleTargetRef"]
        try:
            scale = get_scale(self.api, target.get("apiVersion") or "", target["kind"], namespace, target["name"])
        except ScaleError as error:
            self.api.event(self.hpa, "Warning", "FailedGetScale", str(error))
            self._say(ABLE, "False", "FailedGetScale", NO_TARGET + str(error))
            self._write_conditions()
            return
        self._say(ABLE, "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        if not self.memory.recommendations:
            self.memory.recommendations.append((scale.spec, self.api.now))
        bounds = Bounds(spec.get("minReplicas", 1), spec["maxReplicas"], scale.spec)
        try:
            desired, reason = self._desired(scale, bounds)
        except _NotComputedError as error:
            status = self.hpa.get("status") or {}
            self._write(scale.spec, status.get("desiredReplicas", 0), rescaled=False)
            self.api.event(self.hpa, "Warning", "FailedComputeMetricsReplicas", str(error))
            return
        if desired == scale.spec:
            self._write(scale.spec, desired, rescaled=False)
        else:
            self._rescale(scale, desired, reason)

    def _desired(self, scale: Scale, bounds: Bounds) -> tuple[int, str]:
        """How many replicas there should be, and why."""
        current = bounds.current
        if current == 0:
            self._say(ACTIVE, "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
            return 0, ""
        if current > bounds.maximum:
            return bounds.maximum, "Current number of replicas above Spec.MaxReplicas"
        if current < bounds.minimum:
            return bounds.minimum, "Current number of replicas below Spec.MinReplicas"
        proposed, metric = self._by_metrics(scale)
        reason = f"{metric} above target" if proposed > current else "All metrics below target" if proposed < current else ""
        return self._normalize(proposed, bounds), reason

    def _normalize(self, proposed: int, bounds: Bounds) -> int:
        """Upstream: normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors."""
        behavior, now = self.hpa["spec"].get("behavior"), self.api.now
        if behavior is None:
            stable, why, told = self.memory.stabilize(proposed, now), "ScaleDownStabilized", HIGHER_BEFORE
            desired, reason, message = limit_by_rules(stable, bounds)
        else:
            stable, why, told = self.memory.stabilize_by_behavior(proposed, bounds.current, behavior, now)
            desired, reason, message = self.memory.limit_by_behavior(stable, bounds, behavior, now)
        if stable != proposed:
            self._say(ABLE, "True", why, told)
        else:
            self._say(ABLE, "True", "ReadyForNewScale", "recommended size matches current size")
        self._say(LIMITED, "False" if desired == stable else "True", reason, message)
        return desired

    def _rescale(self, scale: Scale, desired: int, reason: str) -> None:
        answer = scale.put(desired)
        if not answer.accepted:
            text = f"New size: {desired}; reason: {reason}; error: {answer.message}"
            self.api.event(self.hpa, "Warning", "FailedRescale", text)
            self._say(ABLE, "False", "FailedUpdateScale", f"the HPA controller was unable to update the target scale: {answer.message}")
            self._write(scale.spec, (self.hpa.get("status") or {}).get("desiredReplicas", 0), rescaled=False)
            return
        self._say(ABLE, "True", "SucceededRescale", f"the HPA controller was able to update the target scale to {desired}")
        self.api.event(self.hpa, "Normal", "SuccessfulRescale", f"New size: {desired}; reason: {reason}")
        self.memory.scaled(self.hpa["spec"].get("behavior"), scale.spec, desired, self.api.now)
        self._write(scale.spec, desired, rescaled=True)

    # -- metrics

    def _by_metrics(self, scale: Scale) -> tuple[int, str]:
        """The most that any metric asks for, and which one does.   Upstream: computeReplicasForMetrics."""
        selected = self._selected(scale.selector)
        specs = self.hpa["spec"].get("metrics") or []
        self.metrics = [{"type": ""} for _ in specs]
        replicas, name = 0, ""
        failures: list[tuple[str, str, str]] = []
        for i, spec in enumerate(specs):
            try:
                proposed, named, self.metrics[i] = self._by_metric(spec, scale, selected)
            except _MetricFailureError as failure:
                failures.append((failure.reason, failure.condition, failure.error))
                continue
            if replicas == 0 or proposed > replicas:
                replicas, name = proposed, named
        if failures and (len(failures) >= len(specs) or replicas < scale.spec):
            reason, message, error = failures[0]
            self._say(ACTIVE, "False", reason, message)
            raise _NotComputedError(f"invalid metrics ({len(failures)} invalid out of {len(specs)}), first error is: {error}")
        self._say(ACTIVE, "True", "ValidMetricFound", f"the HPA was able to successfully calculate a replica count from {name}")
        return replicas, name

    def _selected(self, text: str) -> Sequence[Object]:
        """The target's pods; an autoscaler must be the only one of them all.   Upstream: validateAndParseSelector."""
        if not text:
            self.api.event(self.hpa, "Warning", "SelectorRequired", "selector is required")
            self._say(ACTIVE, "False", "InvalidSelector", "the HPA target's scale is missing a selector")
            raise _NotComputedError("selector is required")
        try:
            matches = parse(text)
        except SelectorError as error:
            message = f"couldn't convert selector into a corresponding internal selector object: {error}"
            self.api.event(self.hpa, "Warning", "InvalidSelector", message)
            self._say(ACTIVE, "False", "InvalidSelector", message)
            raise _NotComputedError(message) from None
        namespace = self.hpa["metadata"]["namespace"]
        selected = self.api.selected(namespace, matches)
        self.selectors[namespace, self.hpa["metadata"]["name"]] = matches
        rivals = sorted(n for (ns, n), held in self.selectors.items() if ns == namespace and any(held(labels_of(p)) for p in selected))
        if len(rivals) > 1:
            held = " ".join(f"{{{name} {namespace}}}" for name in rivals)
            message = f"pods by selector {text} are controlled by multiple HPAs: [{held}]"
            self.api.event(self.hpa, "Warning", "AmbiguousSelector", message)
            self._say(ACTIVE, "False", "AmbiguousSelector", message)
            raise _NotComputedError(message)
        return selected

    def _by_metric(self, spec: Object, scale: Scale, selected: Sequence[Object]) -> tuple[int, str, Object]:
        """Replicas, the metric's name and its status.   Upstream: computeReplicasForMetric."""
        kind = spec["type"]
        if kind == "Resource":
            source = spec["resource"]
            return self._by_resource(source, "", scale, selected, "FailedGetResourceMetric", f"failed to get {source['name']} resource metric value: ")
        if kind == "ContainerResource":
            source = spec["containerResource"]
            prefix = f"failed to get {source['container']} container metric value: "
            return self._by_resource(source, source["container"], scale, selected, "FailedGetContainerResourceMetric", prefix)
        if kind == "Pods":
            error = f"unable to get metric {spec['pods']['metric']['name']}: {NO_CUSTOM_METRICS}"
            raise self._failed("FailedGetPodsMetric", error, f"failed to get pods metric value: {error}")
        if kind == "Object":
            metric, described = spec["object"]["metric"]["name"], spec["object"]["describedObject"]
            namespace = self.hpa["metadata"]["namespace"]
            error = f"unable to get metric {metric}: {described['kind']} on {namespace} {described['name']}/{NO_CUSTOM_METRICS}"
            wrapped = f"failed to get {metric} object metric: {error}" if spec["object"]["target"]["type"] == "AverageValue" else error
            raise self._failed("FailedGetObjectMetric", error, f"failed to get object metric value: {wrapped}")
        if kind == "External":
            source = spec["external"]["metric"]
            metric, namespace = source["name"], self.hpa["metadata"]["namespace"]
            missing = NO_EXTERNAL_METRICS.format(metric)
            error = f"unable to get external metric {namespace}/{metric}/{label_selector_text(source.get('selector'))}: {missing}"
            average = "averageValue" in spec["external"]["target"]
            wrapped = f"failed to get {metric} external metric: {error}" if average else f"failed to get external metric {metric}: {error}"
            raise self._failed("FailedGetExternalMetric", error, f"failed to get {metric} external metric value: {wrapped}")
        error = f'unknown metric source type "{kind}"'
        raise self._failed("InvalidMetricSourceType", error, error)

    def _by_resource(self, source: Object, container: str, scale: Scale, selected: Sequence[Object], reason: str, prefix: str) -> tuple[int, str, Object]:
        """Upstream: computeStatusForResourceMetricGeneric."""
        name, target, now = source["name"], source["target"], self.api.now
        reports, tolerances = measured(selected, self.api), self._tolerances()
        average = target.get("averageValue")
        try:
            if average is not None:
                proposal = usage_replicas(reports, name, container, parse_json(average).milli_value(), scale.spec, tolerances, now)
                named = f"{name} resource"
            elif "averageUtilization" in target:
                proposal = utilization_replicas(reports, name, container, target["averageUtilization"], scale.spec, tolerances, now)
                named = f"{name}{' container' if container else ''} resource utilization (percentage of request)"
            else:
                raise MetricError("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set")
        except MetricError as failure:
            what = f"failed to get {name} {'usage' if average is not None else 'utilization'}: "
            error = str(failure) if str(failure).startswith("invalid") else what + str(failure)
            raise self._failed(reason, error, prefix + error) from None
        usage = str(from_milli(proposal.usage, BINARY_SI if name == "memory" else DECIMAL_SI))
        current: Object = {"averageValue": usage}
        if proposal.utilization is not None:
            current["averageUtilization"] = proposal.utilization
        if container:
            return proposal.replicas, named, {"type": "ContainerResource", "containerResource": {"name": name, "container": container, "current": current}}
        return proposal.replicas, named, {"type": "Resource", "resource": {"name": name, "current": current}}

    def _failed(self, reason: str, error: str, wrapped: str) -> _MetricFailureError:
        self.api.event(self.hpa, "Warning", reason, error)
        return _MetricFailureError(reason, f"the HPA was unable to compute the replica count: {error}", wrapped)

    def _tolerances(self) -> Tolerances:
        behavior = self.hpa["spec"].get("behavior") or {}

        def stated(direction: str) -> float:
            text = (behavior.get(direction) or {}).get("tolerance")
            return parse_json(text).scaled(-9) / 1e9 if text is not None else TOLERANCE

        return Tolerances(stated("scaleDown"), stated("scaleUp"))

    # -- status

    def _say(self, type: str, value: str, reason: str, message: str) -> None:
        """Upstream: setCondition."""
        held = next((c for c in self.conditions if c["type"] == type), None)
        since = held["lastTransitionTime"] if held is not None and held["status"] == value else self.api.now_text
        new = {"type": type, "status": value, "lastTransitionTime": since, "reason": reason, "message": message}
        self.conditions = [new if c is held else c for c in self.conditions] if held is not None else [*self.conditions, new]

    def _write_conditions(self) -> None:
        self._put({**(self.hpa.get("status") or {"desiredReplicas": 0}), "conditions": self.conditions})

    def _write(self, current: int, desired: int, *, rescaled: bool) -> None:
        """Upstream: setStatus."""
        old = self.hpa.get("status") or {}
        status: Object = {"currentReplicas": current} if current else {}
        status["desiredReplicas"] = desired
        if rescaled or "lastScaleTime" in old:
            status["lastScaleTime"] = self.api.now_text if rescaled else old["lastScaleTime"]
        if self.metrics:
            status["currentMetrics"] = self.metrics
        self._put({**status, "conditions": self.conditions})

    def _put(self, status: Object) -> None:
        if status != self.hpa.get("status"):
            self.api.write_status(self.hpa, status)


class _MetricFailureError(Exception):
    """A metric that gives no number: the condition's reason and message, and the error as it is passed on."""

    def __init__(self, reason: str, condition: str, error: str) -> None:
        super().__init__(error)
        self.reason, self.condition, self.error = reason, condition, error
