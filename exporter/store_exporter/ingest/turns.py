"""Long work in the event loop, a turn at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import perf_counter
from typing import TypeVar

TURN_SECONDS = 0.001
"""How long others wait at most, but for what cannot be divided."""

T = TypeVar("T")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield items, and leave the event loop to others whenever a turn is over."""
    since = perf_counter()
    for item in items:
        yield item
        if perf_counter() - since > TURN_SECONDS:
            await asyncio.sleep(0)
            since = perf_counter()
