"""The longest stall of the event loop, during which no request is served and no store is probed.

This is a gauge of the longest pause, not a histogram. A single pause matters: it delays every
response and falsifies every running probe. Among two thousand beats a minute it would not be
visible.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from ...metrics.catalogue.exporter import LOOP_LAG
from ...metrics.recorder import Recorder

BEAT = 0.025
"""Seconds between readings of the clock; a measured pause is too short by at most this."""
WINDOW = 60.0
"""Minimum seconds for which a pause is shown; the maximum is twice as long. So every scraper with
an interval of up to a minute sees it."""


async def watch(
    recorder: Recorder,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Publish the longest pause of the last one or two minutes, until cancelled."""
    before = longest = shown = 0.0
    recorder.set(LOOP_LAG, (), shown)
    ends = monotonic() + WINDOW
    while True:
        due = monotonic() + BEAT
        await sleep(BEAT)
        now = monotonic()
        longest = max(longest, now - due)
        if max(before, longest) != shown:
            shown = max(before, longest)
            recorder.set(LOOP_LAG, (), shown)
        if now >= ends:
            before, longest, ends = longest, 0.0, now + WINDOW
