"""When Python looks for garbage, and at which objects, where thousands of stores are watched.

What is known of ten thousand stores are half a million objects that stay. Python looks for garbage
at all of them each time that a quarter more have come, and stands still for half a second. Here
what has survived one look is left alone. Nearly everything is freed without the collector, at
once when it is not used any more; it is there for cycles.

The looks are by the clock, in the event loop. Python's own are by how many more objects there are
than at the last one: where figures take the place of others that number stays, so that a look is at
fifty thousand new ones and not at three, and it comes in the midst of a scrape, which makes many.

What was under way at such a look and becomes a cycle of garbage later stays: some sixty objects a
look where every store fails. So it is a look at everything once memory has grown by a quarter, and
not otherwise: with ten thousand stores everything stands still for more than a second.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS = 1.0
"""Between two looks. So one is at some 7,000 objects with ten thousand stores a minute."""
THRESHOLDS = (50_000, 1, 1)
"""Objects more until Python looks by itself, and looks until one at the next generation: for what
makes so many within a second."""
LOOKS = 3600
"""Looks at what is new until it may be one at everything."""
GROWTH = 1.25
"""By how much memory must have grown since the one before."""
_OLDEST = 2


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage like that until the block ends, in an event loop; for the whole process."""
    looks, blocks = 0, 0

    async def look() -> None:
        while True:
            await asyncio.sleep(SECONDS)
            if gc.isenabled():  # otherwise somebody makes many objects that stay
                gc.collect()

    def leave_alone(phase: str, info: dict[str, int]) -> None:
        nonlocal looks, blocks
        if phase != "stop" or info["generation"] != _OLDEST:
            return
        looks += 1
        gc.freeze()
        if looks % LOOKS == 0:
            # This counts in a thousandth of the time that counting objects takes.
            now = sys.getallocatedblocks()
            if not blocks:
                blocks = now
            elif now >= GROWTH * blocks:
                gc.unfreeze()
                blocks = 0

    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(leave_alone)
    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        gc.callbacks.remove(leave_alone)
        gc.set_threshold(*before)
        gc.unfreeze()
