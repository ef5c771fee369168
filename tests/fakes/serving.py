"""Serving a simulated store of any platform from a thread, beside a test that may block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol


class Servable(Protocol):
    """A simulated store."""

    def serve(self) -> AbstractAsyncContextManager[str]: ...


@contextmanager
def serving(store: Servable) -> Iterator[str]:
    """Serve a store until the block ends; yields its address."""
    ready = threading.Event()
    address: list[str] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        async with store.serve() as url:
            address.append(url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(60), "the store did not start"
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()
