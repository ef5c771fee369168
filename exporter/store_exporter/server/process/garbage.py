"""The garbage collector of a process that watches thousands of stores: seldom, not at all of it.

What is known of ten thousand stores are half a million objects that stay. Python looks for garbage
at all of them each time that a quarter more have come, and stands still for half a second. Here
what has survived one such look is left alone. Nearly everything is freed without the collector, at
once when it is not used any more; it is there for cycles. Young objects are looked at less often as
well, for most of a probe's are gone before.

What was under way at such a look and becomes a cycle of garbage later stays: some sixty objects a
look where every store fails. So from time to time it is a look at everything.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (3_000, 4, 1)
"""Objects until a look at the youngest, and looks until one at the next generation. So the looks
are at some 3,000, 15,000 and 30,000 objects, which takes 1, 4 and 12 ms."""
LOOKS = 3000
"""Looks at what is new for one at everything; hours, with ten thousand stores a minute."""
_OLDEST = 2


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect garbage like that until the block ends; for the whole process."""
    looks = 0

    def leave_alone(phase: str, info: dict[str, int]) -> None:
        nonlocal looks
        if phase != "stop" or info["generation"] != _OLDEST:
            return
        looks += 1
        if looks % LOOKS:
            gc.freeze()
        else:
            gc.unfreeze()

    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(leave_alone)
    try:
        yield
    finally:
        gc.callbacks.remove(leave_alone)
        gc.set_threshold(*before)
        gc.unfreeze()
