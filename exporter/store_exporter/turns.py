"""Divides long work into turns, so that other tasks of the event loop need not wait for its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import islice
from time import perf_counter
from typing import TypeVar

TURN_SECONDS = 0.001
"""Longest time that others wait, except for work that cannot be divided."""

_AT_ONCE = 100

T = TypeVar("T")
R = TypeVar("R")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield items, and let other tasks of the event loop run whenever a turn is over."""
    since = perf_counter()
    for item in items:
        yield item
        if perf_counter() - since > TURN_SECONDS:
            await asyncio.sleep(0)
            since = perf_counter()


async def together(work: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """Return the results of work that waits, in the order of the items; many are awaited at once.

    Raises:
        Exception: the first that is raised by the work for one of them.
    """
    left, done = iter(items), list[R]()
    while batch := list(islice(left, _AT_ONCE)):
        done += await asyncio.gather(*map(work, batch))
    return done
