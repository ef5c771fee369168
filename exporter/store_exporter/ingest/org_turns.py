"""Lets orgs take turns at work that is done one piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


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
