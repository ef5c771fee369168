"""Reads a recorder as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from store_exporter.metrics.families import Family, HistogramValue
from store_exporter.metrics.recorder import Recorder


@dataclass
class Operations:
    """The operation metrics of one label set."""

    total: float = 0
    in_progress: float = 0
    errors: dict[str, float] | None = None
    duration: HistogramValue | None = None

    @property
    def observations(self) -> int:
        return sum(self.duration.counts) if self.duration else 0

    @property
    def native_observations(self) -> int:
        native = self.duration.native if self.duration else None
        return native.zero_count + sum(native.buckets.values()) if native else 0


def families(recorder: Recorder) -> dict[str, Family]:
    return {family.metric.name: family for family in recorder.families()}


def series(recorder: Recorder, name: str) -> dict[tuple[str, ...], float]:
    """Return the plain series of one metric."""
    found = families(recorder).get(name)
    return {} if found is None else {k: v for k, v in found.series if isinstance(v, float | int)}


def histograms(recorder: Recorder, name: str) -> dict[tuple[str, ...], HistogramValue]:
    """Return the histograms of one metric."""
    found = families(recorder).get(name)
    if found is None:
        return {}
    return {k: v for k, v in found.series if isinstance(v, HistogramValue)}


def operations(recorder: Recorder) -> dict[tuple[str, ...], Operations]:
    """Return the operation metrics by label set."""
    read = families(recorder)
    found: dict[tuple[str, ...], Operations] = {}
    if "store_operations_total" not in read:
        return found
    for labels, value in read["store_operations_total"].series:
        assert isinstance(value, float)
        found[labels] = Operations(value, errors={})
    for labels, value in read["store_operations_in_progress"].series:
        assert isinstance(value, float | int)
        found[labels].in_progress = value
    for labels, value in read["store_operation_errors_total"].series:
        errors = found[labels[:4]].errors
        assert errors is not None
        assert isinstance(value, float)
        errors[labels[4]] = value
    for labels, value in read["store_operation_duration_seconds"].series:
        assert isinstance(value, HistogramValue)
        found[labels].duration = value
    return found


def only(recorder: Recorder) -> Operations:
    """Return the operation metrics of the one label set there is."""
    (found,) = operations(recorder).values()
    return found
