"""The cost of forms of one call: microseconds of processor time, in many interleaved rounds.

The fastest round of each form counts, as the one that was disturbed least. The rounds are divided
into windows, each with figures of its own: their ratios tell how sure a row is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import process_time
from timeit import timeit
from typing import Any

from .effort import Effort
from .result import Result, Spread

Call = Callable[[str], Any]
Figures = Sequence[float]
"""Microseconds of a call, one figure a window."""

WINDOWS = 3


def timed(forms: Mapping[str, Call], effort: Effort) -> dict[str, Figures]:
    """Return what a call of each function takes."""

    def once(call: Call) -> float:
        return timeit(
            "call('shoes')", globals={"call": call}, number=effort.calls, timer=process_time
        )

    return _interleaved(forms, once, effort)


def timed_coroutines(forms: Mapping[str, Call], effort: Effort) -> dict[str, Figures]:
    """Return what a call of each coroutine function takes."""

    async def repeat(call: Call) -> float:
        start = process_time()
        for _ in range(effort.calls):
            await call("shoes")
        return process_time() - start

    return _interleaved(forms, lambda call: asyncio.run(repeat(call)), effort)


def _interleaved(
    forms: Mapping[str, Call], once: Callable[[Call], float], effort: Effort
) -> dict[str, Figures]:
    windows = min(WINDOWS, effort.rounds)
    best = {name: [float("inf")] * windows for name in forms}
    for number in range(effort.rounds):
        for name, call in forms.items():
            found = once(call) / effort.calls * 1e6
            window = number % windows
            best[name][window] = min(best[name][window], found)
    return dict(best)


def above(figures: Figures, base: Figures) -> Figures:
    """Return what is above the cost of doing without."""
    least = min(base)
    return [figure - least for figure in figures]


def compared(name: str, ours: Figures, peer: Figures, target: float | None = None) -> Result:
    """Return the row of ours beside a peer's, with the spread of the windows' ratios."""
    ratios = [one / other for one, other in zip(ours, peer, strict=True) if other > 0]
    spread = Spread.of(ratios) if ratios else None
    return Result(name, "µs", min(ours), min(peer), target, spread)


def alone(name: str, ours: Figures) -> Result:
    """Return the row of a figure without a peer."""
    return Result(name, "µs", min(ours), spread=Spread.of(ours))
