"""How much of everything to do: enough for stable figures, or just enough to see it work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Attributes:
        rounds: interleaved timings.
        calls: in each of them.
        histograms: label sets of operations.
        runs: of a program.
        stores: of the fleet.
        interval: seconds between two probes of one of them.
        windows: in which probes are measured, and scrapes of the fleet's page.
        seconds: of each window.
    """

    rounds: int
    calls: int
    histograms: int
    runs: int
    stores: int
    interval: int
    windows: int
    seconds: float


FULL = Effort(
    rounds=25,
    calls=10_000,
    histograms=40_000,
    runs=7,
    stores=10_000,
    interval=60,
    windows=7,
    seconds=5.0,
)
QUICK = Effort(
    rounds=2, calls=300, histograms=100, runs=1, stores=500, interval=5, windows=2, seconds=1.0
)

PROBE_INTERVAL = 5
"""Seconds between two probes of a store in the windows that compare probes."""
