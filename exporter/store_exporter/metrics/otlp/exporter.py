"""The official exporter, its resource, and the batches of state that it sends."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from ..._version import __version__
from ..catalogue import Kind, Metric
from ..families import Family, HistogramValue, NativeHistogram
from .deltas import Baseline, Key, Value
from .points import to_metrics, to_point

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import DataPointT

    from ..recorder import Recorder
    from .settings import Settings

BATCH = 1000
"""Series per request: about half a megabyte, well below the 4 MB that gRPC receivers accept."""

_SCOPE = InstrumentationScope("store_exporter", __version__)


def official_exporter(protocol: str) -> Callable[[], MetricExporter]:
    """Return a function that makes the official exporter, which reads the standard variables.

    Raises:
        ImportError: the exporter for that protocol is not installed.
    """
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc

        return grpc.OTLPMetricExporter
    from .http import http_exporter

    return http_exporter


_ids: WeakKeyDictionary[Recorder, tuple[int, str]] = WeakKeyDictionary()
"""For each recorder that is pushed, the process and its id there."""


def _own_id(recorder: Recorder) -> str:
    """Return the id of a recorder in this process, the same for all that push it."""
    process, own = _ids.get(recorder, (0, ""))
    if process != os.getpid():
        own = str(uuid.uuid4())
        _ids[recorder] = os.getpid(), own
    return own


_baselines: WeakKeyDictionary[Recorder, dict[Hashable, Baseline]] = WeakKeyDictionary()


def shared_baseline(recorder: Recorder, *receiver: Hashable) -> Baseline:
    """Return what a receiver has acknowledged of a recorder's series in this process.

    All pushers to the same receiver share it, whether they run at the same time or one after
    another: each would send the same increase otherwise, and the receiver would add them up.
    """
    return _baselines.setdefault(recorder, {}).setdefault((os.getpid(), *receiver), Baseline())


class Identity:
    """Who pushes: the standard variables, these attributes, and an instance id for each process.

    Processes that share an instance id overwrite each other's series. So each gets a random one,
    or, in a forked child of a process whose id was given, that one and the child's number. The
    SDK's own id is not used: not every release has one, and forked children inherit it. Two
    pushers of one recorder do overwrite each other's series, or every call would count twice.

    Args:
        attributes: of the resource; they override those of the variables.
        recorder: what is pushed.
    """

    def __init__(self, attributes: Mapping[str, str], recorder: Recorder) -> None:
        self._recorder = recorder
        configured = OTELResourceDetector().detect().attributes
        self._configured = {**configured, **attributes}.get(SERVICE_INSTANCE_ID)
        self._resource = Resource.create(dict(attributes))

    def resource(self, *, forked: bool) -> Resource:
        """Return the resource of this process, which may be a forked child of the first one."""
        own = str(_own_id(self._recorder) if self._configured is None else self._configured)
        if forked and self._configured is not None:
            own = f"{own}-{os.getpid()}"
        return self._resource.merge(Resource({SERVICE_INSTANCE_ID: own}))


class Delivery:
    """Sends states through one exporter, in batches, for one process.

    Args:
        exporter: the official one, or the application's own.
        resource: who this process is.
        settings: temporality and kind of histograms.
        started: Unix time in nanoseconds at which series began that have no start time.
        baseline: what the receiver has acknowledged.
        restored: series that an earlier process began and pushed, in their initial state.
    """

    def __init__(
        self,
        exporter: MetricExporter,
        resource: Resource,
        settings: Settings,
        started: int,
        baseline: Baseline,
        *,
        restored: Iterable[Family] = (),
    ) -> None:
        self._exporter = exporter
        self._resource = resource
        self._settings = settings
        self._started = started
        self._baseline = baseline
        states = {(f.metric.name, labels): value for f in restored for labels, value in f.series}
        self._baseline.acknowledge(states, started)
        self._known: set[Key] = set(states)
        self._moved: dict[Key, tuple[int, int]] = {}

    def send(self, families: Iterable[Family]) -> bool:
        """Send everything; return whether all of it was accepted in time.

        Sending ends at the first request that fails, because the next would take as long to fail.
        Data that was not accepted is part of the next push.
        """
        with self._baseline.lock:
            return self._send(families)

    def _send(self, families: Iterable[Family]) -> bool:
        now = time.time_ns()
        deadline = time.monotonic() + self._settings.timeout
        seen: set[Key] = set()
        try:
            for batch in self._batches(families, now, seen):
                if not batch.size:
                    continue
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                result = self._exporter.export(batch.data(self._resource), remaining * 1000)
                if result is not MetricExportResult.SUCCESS:
                    return False
                self._baseline.acknowledge(batch.states, now)
                self._known |= batch.born
        finally:
            self._baseline.settle(now)
        self._baseline.retain(seen)
        self._known &= seen
        self._moved = {key: times for key, times in self._moved.items() if key in seen}
        return True

    def close(self) -> None:
        """Stop the exporter from waiting for retries, and close its connections."""
        self._exporter.shutdown()

    def _batches(self, families: Iterable[Family], now: int, seen: set[Key]) -> Iterator[_Batch]:
        """Yield requests. The initial value of a new series is sent in a request before its value.

        A receiver that stores samples, such as Prometheus, would take the first value that it
        receives for the starting point. Some refuse two points of one series in the same request.
        """
        births, batch = self._batch(), self._batch()
        for family in families:
            metric = family.metric
            counts = metric.kind in (Kind.COUNTER, Kind.HISTOGRAM)
            for (labels, value), created in zip(
                family.series, family.created_times(), strict=False
            ):
                key = (metric.name, labels)
                seen.add(key)
                began = self._began(key, created, now)
                # It is not known when a counter that outlives processes was zero, so no start is
                # sent. With the start of this process, some receivers would take its whole value
                # for an increase.
                start = 0 if metric.persistent else began
                if counts and self._settings.delta:
                    increase = self._baseline.increase(key, value, began)
                    if increase is not None:
                        batch.states[key] = value
                        batch.add(metric, key, increase.value, increase.since, now)
                else:
                    if counts and created is not None and key not in self._known:
                        before = _before(value, family.before.get(labels, 0.0))
                        births.born.add(key)
                        births.add(metric, key, before, start, began)
                    batch.add(metric, key, value, start, now)
                if batch.size >= BATCH:
                    yield from (births, batch)
                    births, batch = self._batch(), self._batch()
        yield from (births, batch)

    def _began(self, key: Key, created: float | None, now: int) -> int:
        """Return when a series began; the same time in every push.

        A series that began while the state was read gets a start one millisecond before the push,
        which is the resolution of samples. If a later push had a later start, a receiver would take
        it for a restart and count the whole value again.
        """
        began = self._started if created is None else round(created * 1e9)
        known, moved = self._moved.get(key, (None, began))
        if known == began:
            return moved
        latest = now - 1_000_000
        if began <= latest or key in self._known:
            return began
        self._moved[key] = began, latest
        return latest

    def _batch(self) -> _Batch:
        return _Batch(delta=self._settings.delta, exponential=self._settings.exponential)


def _before(value: Value, before: float) -> Value:
    """Return the initial value of a series."""
    if not isinstance(value, HistogramValue):
        return before
    native = value.native
    if native is not None:
        native = NativeHistogram(native.schema, native.zero_threshold, 0, {})
    return HistogramValue([0] * len(value.counts), 0.0, native)


class _Batch:
    """The points of one request.

    Attributes:
        states: for increases, the states that the receiver has after them.
        born: the series that the receiver gets for the first time.
    """

    def __init__(self, *, delta: bool, exponential: bool) -> None:
        self._delta = delta
        self._exponential = exponential
        self._points: dict[Metric, list[DataPointT]] = {}
        self.states: dict[Key, Value] = {}
        self.born: set[Key] = set()
        self.size = 0

    def add(self, metric: Metric, key: Key, value: Value, start: int, at: int) -> None:
        """Add a point: a value that began at `start`, as of `at`, both in Unix nanoseconds."""
        point = to_point(metric, key[1], value, start=start, now=at, exponential=self._exponential)
        self._points.setdefault(metric, []).append(point)
        self.size += 1

    def data(self, resource: Resource) -> MetricsData:
        metrics = [
            one
            for metric, points in self._points.items()
            for one in to_metrics(metric, points, delta=self._delta)
        ]
        scope = ScopeMetrics(_SCOPE, metrics, schema_url="")
        return MetricsData([ResourceMetrics(resource, [scope], schema_url=resource.schema_url)])
