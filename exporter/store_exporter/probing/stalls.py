"""The time that the event loop stalled: a stopped process, a starved machine, a blocking call.

A run that failed during a stall says nothing about the store: its response may have waited in the
socket.
"""

from __future__ import annotations

import asyncio

_BEAT = 0.1
_NOTABLE = 0.05
"""Seconds by which a beat may be late, as in any event loop."""


class StallMeter:
    """Adds up the delays of its own beats. It beats only while it is in use.

    A beat that is due before a deadline runs before the code that the deadline wakes. So a run that
    timed out already knows the lost time.

    Attributes:
        lost: seconds lost so far.
    """

    def __init__(self) -> None:
        self.lost = 0.0
        self._watchers = 0
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        """Beat until the end of the block, or of the last block."""
        self._watchers += 1
        if self._handle is None:
            self._plan(asyncio.get_running_loop())

    def __exit__(self, *_: object) -> None:
        """Stop at the end of the last block."""
        self._watchers -= 1
        if not self._watchers and self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + _BEAT
        self._handle = loop.call_at(self._due, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        late = loop.time() - self._due
        if late > _NOTABLE:
            self.lost += late
        self._plan(loop)
