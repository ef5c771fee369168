"""Whether the other end of a connection is still there."""

from __future__ import annotations

import select
from typing import Protocol


class Descriptor(Protocol):
    """What has a file descriptor: a socket, or what asyncio and uvloop give for one."""

    def fileno(self) -> int:
        """Return the descriptor; below 0 once it is closed."""


def is_open(connection: Descriptor) -> bool:
    """Whether neither end has closed a connection, by what has come in until now.

    Linux tells at once, even where a request that came before the end was not read yet: after a
    standstill there may be many of those, from a scraper that has given up on each. Elsewhere the
    end is noticed when it is read.
    """
    descriptor = connection.fileno()
    if descriptor < 0 or not hasattr(select, "poll"):
        return descriptor >= 0
    poll = select.poll()
    poll.register(descriptor, getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR)
    return not poll.poll(0)
