"""How much of everything to do: enough for stable figures, or just enough to see it work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much of each thing.

    Attributes:
        rounds: interleaved timings.
        calls: in each of them.
        histograms: label sets of operations.
        runs: of a program.
        stores: of the fleet.
        interval: seconds between two probes of one of them.
        windows: in which probes are measured, and scrapes of the fleet's page.
        seconds: of each window.
        rate: probes a second in the windows that compare probes.
        page: stores of the page whose rendering is measured.
        watched: stores whose past dashboards read, fewer and more.
        past: seconds of it.
        ruled: stores for which rules are evaluated.
        groups: of rules that are evaluated, of each kind.
        most: stores of a fleet whose rules are evaluated apart from the rest.
        scrape: seconds between two scrapes of these.
        live: seconds in which these are scraped and their rules evaluated.
    """

    rounds: int
    calls: int
    histograms: int
    runs: int
    stores: int
    interval: int
    windows: int
    seconds: float
    rate: int
    page: int
    watched: tuple[int, int]
    past: int
    ruled: int
    groups: int
    most: int
    scrape: float
    live: int


FULL = Effort(
    rounds=25,
    calls=10_000,
    histograms=40_000,
    runs=7,
    stores=10_000,
    interval=60,
    windows=7,
    seconds=5.0,
    rate=100,
    page=10_000,
    watched=(10, 40),
    past=7 * 86_400,
    ruled=100,
    groups=100,
    most=10_000,
    scrape=15,
    live=300,
)
QUICK = Effort(
    rounds=5,
    calls=3_000,
    histograms=4_000,
    runs=1,
    stores=500,
    interval=6,
    windows=3,
    seconds=2.0,
    rate=50,
    page=10_000,
    watched=(1, 3),
    past=6 * 3_600,
    ruled=10,
    groups=100,
    most=100,
    scrape=15,
    live=60,
)
TINY = Effort(
    rounds=2,
    calls=300,
    histograms=100,
    runs=1,
    stores=20,
    interval=2,
    windows=2,
    seconds=3.0,
    rate=10,
    page=100,
    watched=(1, 3),
    past=600,
    ruled=10,
    groups=2,
    most=10,
    scrape=0.25,
    live=3,
)
"""For the tests of the benchmark itself."""
