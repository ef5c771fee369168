"""Whether a connection is still open."""

from __future__ import annotations

import select
from typing import Protocol


class Descriptor(Protocol):
    """An object with a file descriptor: a socket, or what asyncio and uvloop return for one."""

    def fileno(self) -> int:
        """Return the descriptor; below 0 once it is closed."""


def is_open(connection: Descriptor) -> bool:
    """Whether neither end has closed a connection, as far as this machine knows.

    Linux reports a closed connection even if a request that came before was not read yet. After a
    stall there may be many such requests, of a scraper that has given up on each of them. On other
    systems a closed connection is noticed when it is read.
    """
    descriptor = connection.fileno()
    if descriptor < 0 or not hasattr(select, "poll"):
        return descriptor >= 0
    poll = select.poll()
    poll.register(descriptor, getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
