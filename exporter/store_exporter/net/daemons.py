"""Reusable daemon threads for calls that may block for any length of time.

Starting a thread blocks the event loop, for milliseconds on a busy machine. The threads of
`concurrent.futures` are joined at the end of the process, however long they block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 10.0
"""Seconds after which a thread without work ends."""

Work = Callable[[], None]
"""A piece of work; it must not raise an exception."""


class Daemons:
    """Starts each piece of work at once, in an idle thread or in a new one.

    Args:
        name: of the threads, for debuggers.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: SimpleQueue[Work] = SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0
        """Threads that wait, less the work that is on its way to them."""

    def begin(self, work: Work) -> None:
        """Run a function in a daemon thread.

        Raises:
            RuntimeError: no thread can be started.
        """
        with self._lock:
            is_free = self._free > 0
            self._free -= is_free
        if is_free:
            self._waiting.put(work)
        else:
            threading.Thread(target=self._serve, args=(work,), name=self._name, daemon=True).start()

    def _serve(self, work: Work) -> None:
        while True:
            work()
            with self._lock:
                self._free += 1
            while True:
                try:
                    work = self._waiting.get(timeout=IDLE_SECONDS)
                    break
                except Empty:
                    with self._lock:
                        if self._free:  # otherwise work is about to arrive for this thread
                            self._free -= 1
                            return
