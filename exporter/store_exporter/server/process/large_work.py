"""Large pieces of work in a thread, which must not hold up the event loop.

Ten thousand stores are a million objects. One look of the garbage collector at all of them stops
everything for half a second, and while they are made it looks again and again. So it waits until
they are there, and then leaves them alone: what a configuration and its stores are made of stays
for long. A thread that computes lets the event loop in every five milliseconds only; in that time
a look-up or a request may need it several times.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TURN = 0.0005
"""Seconds for which a thread computes before another one gets its turn."""

_under_way: list[float] = []
"""The interval of turns before, once for each piece of work that goes on."""


@contextmanager
def without_pauses() -> Iterator[None]:
    """Do a large piece of work; for the event loop's thread only, several at a time if need be."""
    _under_way.append(sys.getswitchinterval())
    gc.disable()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        before = _under_way.pop()
        if not _under_way:
            sys.setswitchinterval(before)
            gc.freeze()
            gc.enable()
