"""Service level objectives: the share of operations that must succeed or be quick, or of uptime."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ObjectiveKind(StrEnum):
    """The kinds of objectives."""

    AVAILABILITY = "availability"
    LATENCY = "latency"
    UPTIME = "uptime"


@dataclass(frozen=True, slots=True)
class Override:
    """Figures for one org or one of its domains; None keeps the figure of the objective."""

    org: str
    domain: str | None = None
    target: float | None = None
    minimum_operations: float | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective, for every store it matches.

    Attributes:
        name: value of the label `slo`.
        kind: availability or latency of operations, or the time without failing critical probes.
        target: share of good operations, or of time, below 1.
        threshold: seconds up to which an operation is quick enough; a bound of the histogram.
        minimum_operations: an alert is silent if its long window contains fewer operations, or
            fewer half minutes of known health.
        match: the label values that it is restricted to, by label; none of them is empty.
        overrides: different figures for some stores.
    """

    name: str
    kind: ObjectiveKind
    target: float
    threshold: float = 0.0
    minimum_operations: float = 100
    match: tuple[tuple[str, tuple[str, ...]], ...] = ()
    overrides: tuple[Override, ...] = ()

    @property
    def by_operation(self) -> bool:
        """Whether it covers some operations only."""
        return "operation" in dict(self.match)

    @property
    def counts_outages(self) -> bool:
        """Whether every outage of a store spends its budget, whatever operations the store has."""
        return self.kind is not ObjectiveKind.LATENCY and not self.by_operation


DEFAULT = (
    Objective("availability", ObjectiveKind.AVAILABILITY, 0.99),
    Objective("latency", ObjectiveKind.LATENCY, 0.95, threshold=2.5),
    Objective("uptime", ObjectiveKind.UPTIME, 0.99),
)
