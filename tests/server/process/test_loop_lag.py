"""The longest pause of the event loop, in a time that only the test moves."""

from __future__ import annotations

import asyncio
import time

from store_exporter.metrics.recorder import Recorder
from store_exporter.server.process.loop_lag import BEAT, WINDOW, watch
from tests.metrics.figures import series

LAG = "store_exporter_event_loop_lag_seconds"


class Loop:
    """A loop that is late as a test says, and ends after so many beats."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.now = 100.0
        self.late: dict[int, float] = {}
        self.shown: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late.get(len(self.shown), 0.0)
        self.shown.append(series(self.recorder, LAG)[()])

    async def run(self, beats: int) -> None:
        task = asyncio.ensure_future(
            watch(self.recorder, monotonic=lambda: self.now, sleep=self.sleep)
        )
        while len(self.shown) < beats:
            await asyncio.sleep(0)
            if task.done():
                task.result()
        task.cancel()


async def test_the_longest_pause_is_shown_for_one_to_two_minutes() -> None:
    loop = Loop()
    beats = int(WINDOW / BEAT)
    loop.late = {10: 0.3, 20: 2.0, 30: 0.7}
    await asyncio.wait_for(_yielding(loop, 3 * beats), 60)
    assert loop.shown[5] < 0.001
    assert 0.29 < loop.shown[12] < 0.31
    for beat in (22, beats - 200, beats + 200, 2 * beats - 200):
        assert 1.99 < loop.shown[beat] < 2.01
    assert loop.shown[-1] < 0.001


async def _yielding(loop: Loop, beats: int) -> None:
    inner = loop.sleep

    async def sleep(seconds: float) -> None:
        await inner(seconds)
        await asyncio.sleep(0)

    loop.sleep = sleep  # type: ignore[method-assign]
    await loop.run(beats)


async def test_a_call_that_blocks_is_seen_on_a_real_loop() -> None:
    recorder = Recorder()
    task = asyncio.create_task(watch(recorder))
    await asyncio.sleep(2 * BEAT)
    time.sleep(0.3)  # noqa: ASYNC251 - what is measured
    await asyncio.sleep(4 * BEAT)
    assert series(recorder, LAG)[()] > 0.2
    task.cancel()
