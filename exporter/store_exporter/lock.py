"""A lock that is never left held by an exception of a signal handler, and never waited for long.

CPython looks for signals after calls. `lock.acquire()` is a call, and in Python 3.14 so is what
`with lock:` begins with: a handler that raises there leaves the lock held by nobody. `del` and `+=`
of a list are no calls. So this lock is a list with one entry, which its holder takes out.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from time import monotonic, sleep
from typing import TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

LONGEST_WAIT = 10.0
"""Seconds: no holder needs more than some milliseconds."""

_SHORTEST_SLEEP, _LONGEST_SLEEP = 2e-5, 1e-3
_FREE = (None,)


class Lock:
    """Runs one function at a time.

    Args:
        reentrant: whether what runs, or a signal handler or finalizer that interrupts it, may run
            more in the same thread.
    """

    __slots__ = ("_free", "_owner", "_reentrant")

    def __init__(self, *, reentrant: bool = False) -> None:
        self._free: list[None] = [*_FREE]
        self._owner = 0
        self._reentrant = reentrant

    def run(self, work: Callable[[*_Ts], _T], *arguments: *_Ts) -> _T:
        """Run a function with the lock held, and return what it returns.

        Raises:
            RuntimeError: this thread holds the lock, or another one does for ten seconds.
        """
        me = get_ident()
        if self._owner == me:
            if self._reentrant:
                return work(*arguments)
            raise RuntimeError("a signal handler or finalizer may record operations, but not read")
        free = self._free
        until = 0.0
        pause = _SHORTEST_SLEEP
        while True:
            try:
                del free[-1]
                break
            except IndexError:
                until = until or monotonic() + LONGEST_WAIT
                if monotonic() > until:
                    raise RuntimeError("a thread that holds the recorder's lock hangs") from None
                sleep(pause)
                pause = min(2 * pause, _LONGEST_SLEEP)
        try:
            self._owner = me
            return work(*arguments)
        finally:
            self._owner = 0
            free += _FREE

    def attempt(self, work: Callable[[*_Ts], object], *arguments: *_Ts) -> bool:
        """Run a function with the lock held, unless it is held already. Does not block.

        Returns:
            Whether it ran.
        """
        me = get_ident()
        free = self._free
        try:
            del free[-1]
        except IndexError:
            return False
        try:
            self._owner = me
            work(*arguments)
        finally:
            self._owner = 0
            free += _FREE
        return True
