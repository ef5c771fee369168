"""Large pieces of work, most of them in a thread, which must not hold up the event loop.

Ten thousand stores are a million objects. One look of the garbage collector at all of them stops
everything for half a second, and while they are made it looks again and again. So it waits until
they are there, and then leaves them alone: what a configuration and its stores are made of stays
for long. So do the modules that are imported at the start, a tenth of which would be collections.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_under_way: list[None] = []
"""An entry for each piece of work that goes on."""


@contextmanager
def without_pauses() -> Iterator[None]:
    """Do a large piece of work; for the main thread only, several at a time if need be."""
    _under_way.append(None)
    gc.disable()
    try:
        yield
    finally:
        _under_way.pop()
        if not _under_way:
            gc.freeze()
            gc.enable()
