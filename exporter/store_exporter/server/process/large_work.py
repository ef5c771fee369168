"""Runs large pieces of work, most of them in a thread, without blocking the event loop.

The garbage collector would need half a second to visit the objects of ten thousand stores, again
and again while they are created. So it waits until they exist, and then ignores them, because they
live long; so do the modules imported at the start.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_under_way: list[None] = []
"""An entry for each piece of work in progress."""


@contextmanager
def without_pauses() -> Iterator[None]:
    """Do a large piece of work; only for the main thread, several at a time if necessary."""
    _under_way.append(None)
    gc.disable()
    try:
        yield
    finally:
        _under_way.pop()
        if not _under_way:
            gc.freeze()
            gc.enable()
