"""Clocks that only move when a test says so."""

from __future__ import annotations

from dataclasses import dataclass

START = 1_795_436_653.0
"""The time of the recordings: 23 November 2026."""


class Clock:
    """Unix time and monotonic time in one; sleeping on it advances it."""

    def __init__(self, now: float = START) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


@dataclass
class SettableClock:
    """Seconds that a test sets; it is called for the time."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now
