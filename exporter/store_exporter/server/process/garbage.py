"""When Python collects garbage, and among which objects, where thousands of stores are watched.

What is known of ten thousand stores is half a million objects that stay. Python's full collections
look at all of them whenever a quarter more have come, and stop the process for half a second. Here
what survives a full collection is frozen, so that the next one is quick. Reference counting frees
nearly everything; the collector is there for cycles.

Collections run by the clock, in the event loop. Python starts its own when the number of objects
has grown; where new figures replace old ones it does not grow, so that a collection would come
late, with fifty thousand objects, and in the midst of a scrape, which makes many.

What is in use during a collection is frozen too, and leaks if it becomes a cycle of garbage later.
asyncio's closed connections would be such cycles, two kilobytes each; they are cut here. Cycles of
an exception and the frames that it went through remain, some hundred objects a collection where
every store breaks off its connections. So everything is thawed and collected once memory has grown
by a quarter, and not otherwise: with ten thousand stores that takes more than a second.

Free memory is returned to the system, too. OpenSSL allocates and frees 16 KB for each record, and
what stays of a handshake is put between them, so that each kept connection leaves 11 KB of whole
free pages, which the C library keeps: a seventh of all memory.
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
"""Python's own thresholds, for what makes so many objects within a second."""
COLLECTIONS = 600
"""Collections of the youngest generation between two checks of how much memory has grown."""
GROWTH = 1.25
"""By how much it must have grown since the first look for everything to be thawed and collected."""
TRIMS = 120
"""Collections by the clock between two returns of free memory, each of which takes two to three
milliseconds for a thousand stores."""
_OLDEST = 2
_LOST = "_call_connection_lost"
"""What a transport of asyncio does at its end, however it came."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage in this way until the block ends, in an event loop; for the whole process."""
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
            # This counts in a thousandth of the time that counting objects takes.
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
    """Return what gives free memory back to the system; where nothing does, what does nothing."""
    try:
        # Python built without libffi has no such module; one linked statically loads no library.
        import ctypes

        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim  # of glibc alone
    except (ImportError, OSError, AttributeError):
        return lambda _: None
    return trim


@contextmanager
def _acyclic_transports() -> Iterator[None]:
    """Have connections of asyncio freed as soon as they are closed.

    A transport refers to itself by the bound method that reads, and since Python 3.12 by the one
    that writes. Python 3.12 forgets both in `close()`; earlier ones never do, and none does where
    the connection was lost or broken off.
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
