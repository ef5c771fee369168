"""Divides long work into turns: for the event loop, and between orgs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TypeVar
from weakref import WeakValueDictionary

TURN_SECONDS = 0.001
"""Longest time that others wait, except for work that cannot be divided."""

T = TypeVar("T")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield items, and let other tasks of the event loop run whenever a turn is over."""
    since = perf_counter()
    for item in items:
        yield item
        if perf_counter() - since > TURN_SECONDS:
            await asyncio.sleep(0)
            since = perf_counter()


class OrgTurns:
    """Runs one piece of work at a time; orgs take turns when work has to wait.

    So the waiting work of one org, however much it is, delays another org by one piece of it.
    """

    def __init__(self) -> None:
        self._all = asyncio.Lock()
        self._own: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, org: str) -> AsyncIterator[None]:
        """Wait for an org's turn, which lasts until the block ends."""
        own = self._own.get(org)
        if own is None:
            own = self._own[org] = asyncio.Lock()
        # At most one task of each org waits for `_all`, which serves them in order of arrival.
        async with own, self._all:
            yield
