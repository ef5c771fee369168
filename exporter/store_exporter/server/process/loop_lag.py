"""The longest stall of the event loop, during which no request is served and no store is probed.

A gauge of the longest pause, and no histogram: what counts is the single pause, which delays every
response and falsifies every probe under way; among two thousand beats a minute it would be lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from ...metrics.catalogue.exporter import LOOP_LAG
from ...metrics.recorder import Recorder

BEAT = 0.025
"""Seconds between readings of the clock; a pause is measured this much too short at worst."""
WINDOW = 60.0
"""Seconds for which a pause is shown at least, and for twice as many at most: every scraper that
comes once a minute sees it."""


async def watch(
    recorder: Recorder,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Show the longest pause of the last minute or two, until cancelled."""
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
