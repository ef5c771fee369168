"""The official exporter, the resource it speaks for, and batches of the state given to it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

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
from ..families import Family
from .deltas import Baseline, Key, Memory, Value
from .points import to_metrics, to_point

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import DataPointT

    from .settings import Settings

BATCH = 1000
"""Series per request: about half a megabyte, well below the 4 MB that gRPC receivers accept."""

_SCOPE = InstrumentationScope("store_exporter", __version__)


def official_exporter(protocol: str) -> Callable[[], MetricExporter]:
    """Return what makes the official exporter, which reads the standard variables itself.

    Raises:
        ImportError: the exporter for that protocol is not installed.
    """
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc

        return grpc.OTLPMetricExporter
    from .http import http_exporter

    return http_exporter


class Identity:
    """Who pushes: the standard variables, these attributes, and an instance id for each process.

    Processes that share an instance id overwrite each other's series. So each gets a random one,
    or, in a forked child of a process whose id was given, that one and the child's number. The
    SDK's own id is not used: not every release has one, and forked children inherit it.
    """

    def __init__(self, attributes: Mapping[str, str]) -> None:
        configured = OTELResourceDetector().detect().attributes
        self._given = {**configured, **attributes}.get(SERVICE_INSTANCE_ID)
        self._resource = Resource.create(dict(attributes))

    def resource(self, *, forked: bool) -> Resource:
        """Return the resource of this process, which may be a forked child of the first one."""
        own = str(uuid.uuid4() if self._given is None else self._given)
        if forked and self._given is not None:
            own = f"{own}-{os.getpid()}"
        return self._resource.merge(Resource({SERVICE_INSTANCE_ID: own}))


class Delivery:
    """Sends states through one exporter, in batches, for one process.

    Args:
        exporter: the official one, or the application's own.
        resource: who this process is.
        settings: temporality and kind of histograms.
        started: Unix time in nanoseconds from which series without a time of their own count.
        memory: what was acknowledged before this process, of counters that outlive it.
    """

    def __init__(
        self,
        exporter: MetricExporter,
        resource: Resource,
        settings: Settings,
        started: int,
        memory: Memory | None = None,
    ) -> None:
        self._exporter = exporter
        self._resource = resource
        self._settings = settings
        self._started = started
        self._baseline = Baseline(memory)

    def send(self, families: Iterable[Family]) -> bool:
        """Send everything; return whether all of it was accepted in time.

        It ends at the first request that fails, for the next would take just as long to fail.
        What was not accepted is part of what is sent the next time.
        """
        now = time.time_ns()
        deadline = time.monotonic() + self._settings.timeout
        seen: set[Key] = set()
        try:
            for batch in self._batches(families, now, seen):
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                result = self._exporter.export(batch.data(self._resource), remaining * 1000)
                if result is not MetricExportResult.SUCCESS:
                    return False
                self._baseline.acknowledge(batch.states, now)
        finally:
            self._baseline.settle(now)
        self._baseline.retain(seen)
        return True

    def close(self) -> None:
        """End the exporter's waiting for retries, and close its connections."""
        self._exporter.shutdown()

    def _batches(self, families: Iterable[Family], now: int, seen: set[Key]) -> Iterator[_Batch]:
        batch = _Batch(delta=self._settings.delta)
        for family in families:
            metric = family.metric
            created = self._started if family.created is None else round(family.created * 1e9)
            for labels, value in family.series:
                key = (metric.name, labels)
                seen.add(key)
                point = self._point(metric, key, value, created, now)
                if point is None:
                    continue
                batch.add(metric, point, key, value)
                if batch.size >= BATCH:
                    yield batch
                    batch = _Batch(delta=self._settings.delta)
        if batch.size:
            yield batch

    def _point(
        self, metric: Metric, key: Key, value: Value, created: int, now: int
    ) -> DataPointT | None:
        # When a counter that outlives processes was zero is not known, and no start says so. The
        # start of this process would make its whole value an increase to some receivers.
        start = 0 if metric.persistent else created
        if self._settings.delta and metric.kind in (Kind.COUNTER, Kind.HISTOGRAM):
            increase = self._baseline.increase(key, value, created)
            if increase is None:
                return None
            value, start = increase.value, increase.since
        return to_point(
            metric,
            key[1],
            value,
            start=start,
            now=now,
            exponential=self._settings.exponential,
        )


class _Batch:
    """The points of one request, and the states that they bring the receiver up to."""

    def __init__(self, *, delta: bool) -> None:
        self._delta = delta
        self._points: dict[Metric, list[DataPointT]] = {}
        self.states: dict[Key, Value] = {}
        self.size = 0

    def add(self, metric: Metric, point: DataPointT, key: Key, value: Value) -> None:
        self._points.setdefault(metric, []).append(point)
        if self._delta and metric.kind in (Kind.COUNTER, Kind.HISTOGRAM):
            self.states[key] = value
        self.size += 1

    def data(self, resource: Resource) -> MetricsData:
        metrics = [
            one
            for metric, points in self._points.items()
            for one in to_metrics(metric, points, delta=self._delta)
        ]
        scope = ScopeMetrics(_SCOPE, metrics, schema_url="")
        return MetricsData([ResourceMetrics(resource, [scope], schema_url=resource.schema_url)])
