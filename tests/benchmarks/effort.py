"""How much of everything to do: enough for stable figures, or just enough to see it work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Attributes: rounds of interleaved timings, calls in each, histograms, runs of a program."""

    rounds: int
    calls: int
    histograms: int
    runs: int


FULL = Effort(rounds=25, calls=10_000, histograms=40_000, runs=7)
QUICK = Effort(rounds=2, calls=300, histograms=100, runs=1)
