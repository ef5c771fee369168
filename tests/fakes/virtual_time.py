"""Time for concurrent code: sleepers wake in their order when a test moves the clock."""

from __future__ import annotations

import asyncio
import heapq

from .clock import START

_TURNS = 30
"""The most turns of the event loop that code gets to come to rest between two moments."""


class VirtualTime:
    """Unix time and monotonic time of a world that stands still between two `advance`.

    Args:
        start: Unix time at which monotonic time is 1000.
    """

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._count = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return 1000.0 + self._elapsed

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._elapsed + seconds, self._count, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let that much time go by, with everything that happens in it."""
        ends = self._elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= ends:
            due, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, due)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self._elapsed = ends

    def jump(self, seconds: float) -> None:
        """Let time go by in which nothing happened, as when the machine was asleep."""
        self._elapsed += seconds

    @staticmethod
    async def settle() -> None:
        """Let code come to rest: until nothing else waits for its turn."""
        # asyncio has no public word for what is ready to run.
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            if not ready:
                return
