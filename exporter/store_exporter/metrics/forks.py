"""What becomes of recorders and of what reports them when a process forks, and when it ends.

A forked child resets its recorders; otherwise both processes would report the same calls.
"""

from __future__ import annotations

import atexit
import os
import weakref
from collections.abc import Callable
from functools import cache, partial
from typing import Protocol, TypeVar

_T = TypeVar("_T")


class Resettable(Protocol):
    """An object whose counts belong to one process."""

    def reset(self) -> None:
        """Drop all counts; no other thread runs yet."""


_counting: weakref.WeakSet[Resettable] = weakref.WeakSet()


def reset_in_children(one: Resettable) -> None:
    """Reset the object in every child that this process forks, for as long as the object exists."""
    _register()
    _counting.add(one)


@cache
def _register() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_reset)


def _reset() -> None:
    for one in list(_counting):
        one.reset()


def end_with_process(one: _T, end: Callable[[_T], object]) -> None:
    """Call `end(one)` when this process ends, or a child that it forks, if the object still exists.

    Processes of `multiprocessing` call nothing that was registered with `atexit` before they were
    forked, and until Python 3.12 nothing at all. They have finalizers of their own instead.
    """
    # Imported here, so that importing this package does not import it.
    from multiprocessing.util import Finalize, register_after_fork

    call = partial(_end, weakref.ref(one), end)
    atexit.register(call)
    Finalize(None, call, exitpriority=0)
    register_after_fork(one, lambda _: Finalize(None, call, exitpriority=0))


def _end(reference: weakref.ref[_T], end: Callable[[_T], object]) -> None:
    one = reference()
    if one is not None:
        end(one)
