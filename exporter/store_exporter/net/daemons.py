"""Daemon threads for calls that may block for any length of time, and wait for the next one.

To start a thread is to wait until the operating system lets it run, which on a busy machine is
milliseconds for which an event loop stands still; and so many threads are begun for look-ups that
it was a sixth of a probe's cost. A pool of `concurrent.futures` does not serve: its threads are
joined at the end of the process, however long they block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 10.0
"""How long a thread without work stays."""

Work = Callable[[], None]
"""What is to be done; it raises nothing."""


class Daemons:
    """Begins each piece of work at once, in a thread that has none or in a new one.

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
            RuntimeError: there is no thread to be had.
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
                        if self._free:  # otherwise work is on its way to this one
                            self._free -= 1
                            return
