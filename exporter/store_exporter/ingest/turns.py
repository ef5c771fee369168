"""Long work: in the event loop a turn at a time, and of one org after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TypeVar
from weakref import WeakValueDictionary

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


class OrgTurns:
    """Has work done one after the other, and orgs take turns when work has to wait.

    So what one org has waiting delays another's by one piece of it, however much it is.
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
        # Of each org at most one waits here, where whoever came first is first.
        async with own, self._all:
            yield
