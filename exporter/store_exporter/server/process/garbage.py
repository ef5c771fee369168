"""Controls Python's garbage collector in a process that watches thousands of stores.

Objects that survive a full collection are frozen, collections run at fixed intervals, and free
memory is returned to the system. The reasons are in docs/architecture/costs.md.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import selector_events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

SECONDS = 1.0
"""Between two collections: some 7,000 objects each, with ten thousand stores a minute."""
THRESHOLDS = (50_000, 1, 1)
"""Thresholds for Python's own collections, for code that creates so many objects in a second."""
COLLECTIONS = 600
"""Collections of the youngest generation between two checks of how much memory has grown."""
GROWTH = 1.25
"""Growth of memory since the first check at which all objects are unfrozen and collected."""
TRIMS = 120
"""Collections by the clock between two returns of free memory, each of which takes two to three
milliseconds for a thousand stores."""
_OLDEST = 2
_LOST = "_call_connection_lost"
"""The method that asyncio calls when a transport ends for any reason."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect the garbage of the process in this way until the block ends, in an event loop."""
    collections, blocks = 0, 0
    trim = _trim()

    async def collect() -> None:
        for number in count(1):
            await asyncio.sleep(SECONDS)
            if gc.isenabled():  # otherwise `large_work` makes many objects that stay
                gc.collect()
            if number % TRIMS == 0:
                trim(0)

    def freeze(phase: str, info: dict[str, int]) -> None:
        nonlocal collections, blocks
        if phase != "stop" or info["generation"] != _OLDEST:
            return
        collections += 1
        gc.freeze()
        if collections % COLLECTIONS == 0:
            # This takes a thousandth of the time of counting objects.
            now = sys.getallocatedblocks()
            if not blocks:
                blocks = now
            elif now >= GROWTH * blocks:
                gc.unfreeze()
                blocks = 0

    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(freeze)
    collecting = asyncio.create_task(collect())
    try:
        with _acyclic_transports():
            yield
    finally:
        collecting.cancel()
        gc.callbacks.remove(freeze)
        gc.set_threshold(*before)
        gc.unfreeze()


def _trim() -> Callable[[int], object]:
    """Return the function that returns free memory to the system; elsewhere one without effect."""
    try:
        # Python without libffi lacks the module, and a statically linked one loads no library.
        import ctypes

        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim  # of glibc alone
    except (ImportError, OSError, AttributeError):
        return lambda _: None
    return trim


@contextmanager
def _acyclic_transports() -> Iterator[None]:
    """Free asyncio's transports as soon as their connections are closed; they leak if frozen.

    A transport refers to itself by its bound method for reading, and since Python 3.12 by that for
    writing. Python 3.12 deletes both in `close()`, earlier versions never. No version does if the
    connection was lost or aborted.
    """
    transport = vars(selector_events)["_SelectorSocketTransport"]
    lost = getattr(transport, _LOST)

    def call_connection_lost(self: Any, error: Exception | None) -> None:
        try:
            lost(self, error)
        finally:
            for method in ("_read_ready_cb", "_write_ready"):
                if method in vars(self):
                    setattr(self, method, None)

    setattr(transport, _LOST, call_connection_lost)
    try:
        yield
    finally:
        setattr(transport, _LOST, lost)
