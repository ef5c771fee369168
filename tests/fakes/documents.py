"""A state that takes its time."""

from __future__ import annotations

import asyncio

from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.storage import Key, Saved


class Slow(MemoryDocuments):
    """Takes a moment for each document that it reads.

    Attributes:
        seconds: how long.
        most: reads that waited at the same time, at most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.most = self._reading = 0

    async def read(self, key: Key) -> Saved | None:
        self._reading += 1
        self.most = max(self.most, self._reading)
        await asyncio.sleep(self.seconds)
        self._reading -= 1
        return await super().read(key)
