"""How a metric is described. The catalogue's modules are lists of these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import ModuleType


class Kind(StrEnum):
    """The types of the exposition formats that this project uses."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    INFO = "info"

    @property
    def suffix(self) -> str:
        """What OpenMetrics has in the name of samples behind that of their family."""
        return {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(self, "")


_DECLARED_UNITS = {"s": "seconds", "By": "bytes"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family.

    Attributes:
        kind: its type.
        name: the full Prometheus name of its samples (a counter's ends in `_total`, an info
            metric's in `_info`, a histogram's is the name without `_bucket`).
        help: one sentence: what the figure means and, where two readings are possible, which.
        labels: label names in the order in which values are given.
        unit: the OpenTelemetry (UCUM) unit: `s`, `By`, `1`, `{operation}`, `{order}`, …
        buckets: upper bounds of a histogram's classic buckets, ascending, without `+Inf`.
        persistent: whether a counter goes on after a restart from where it was, so that its value
            is not what this process has counted.
    """

    kind: Kind
    name: str
    help: str
    labels: tuple[str, ...] = ()
    unit: str = "1"
    buckets: tuple[float, ...] = ()
    persistent: bool = False

    @property
    def family(self) -> str:
        """The name of its family: that of its samples without the kind's suffix."""
        return self.name.removesuffix(self.kind.suffix)

    @property
    def declared_unit(self) -> str:
        """The unit to declare for the family, or nothing.

        Prometheus and OpenMetrics want a declared unit to be the end of the family's name, so
        annotations such as `{order}` are not declared.
        """
        declared = _DECLARED_UNITS.get(self.unit, "")
        return declared if declared and self.family.endswith(f"_{declared}") else ""

    @property
    def otel_name(self) -> str:
        """The OpenTelemetry name that Prometheus' OTLP receiver turns back into `name`."""
        name = self.family if self.kind is Kind.COUNTER else self.name
        if self.unit == "s":
            name = name.removesuffix("_seconds")
        return name.replace("_", ".")

    @property
    def otel_unit(self) -> str:
        """The unit to send by OpenTelemetry.

        Receivers append `_ratio` to the name of a gauge whose unit is `1`, so that unit stays out.
        """
        return "" if self.unit == "1" else self.unit


counter = partial(Metric, Kind.COUNTER)
gauge = partial(Metric, Kind.GAUGE)
histogram = partial(Metric, Kind.HISTOGRAM)
info = partial(Metric, Kind.INFO)


def metrics_of(module: ModuleType) -> tuple[Metric, ...]:
    """Return what a module of the catalogue describes, in its order."""
    return tuple(one for one in vars(module).values() if isinstance(one, Metric))
