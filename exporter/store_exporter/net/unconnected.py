"""Finds causes of a client's failed connection that its library cannot know.

Libraries look up names themselves. They cannot distinguish a dead name server of this machine from
a dead one of the store, nor a name that a DNS filter blocks from a store that refuses connections.
`Names` notices both during its look-ups; this module finds them afterwards.
"""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from . import name_servers, names
from .classify import chain

_MOST_SECONDS = 3.0
"""The most seconds of an examination, if there is time."""


def seconds_left(began: float, timeout: float | None) -> float:
    """Return how long `examine` may take: half of the time left, so that its result is in time.

    Args:
        began: when the connection attempt began, by `time.monotonic`.
        timeout: seconds that it may take; None for any time.
    """
    left = math.inf if timeout is None else began + timeout - time.monotonic()
    return min(max(left / 2, 0.0), _MOST_SECONDS)


async def examine(error: BaseException, host: str, port: int, seconds: float) -> None:
    """Find out whether a connection failed for a reason on this side, if there is time.

    Args:
        error: the library's exception.
        host: the host of the connection.
        port: its port.
        seconds: the most seconds to take.

    Raises:
        OSError: this machine's name servers do not respond, or it lacks the resources to ask them.
        StoreError: dns, the name resolves only to an address that no host has.
    """
    failed = next((one for one in chain(error) if isinstance(one, socket.gaierror)), None)
    if failed is not None:
        names.blame_this_machine(failed)
        if failed.errno != socket.EAI_AGAIN:
            return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            if failed is None:
                with suppress(OSError, UnicodeError):
                    # In a thread for which nobody waits, no matter how long the look-up takes.
                    await names.Names(socket.getaddrinfo).addresses(host, port)
            elif not await name_servers.resolve():
                raise OSError(errno.ENETDOWN, names.UNSERVED) from error


def examine_now(error: BaseException, host: str, port: int, seconds: float) -> None:
    """Do the same as `examine`, for blocking code in any thread.

    Raises:
        OSError: as `examine` does.
        StoreError: likewise.
    """
    with suppress(RuntimeError), ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, examine(error, host, port, seconds)).result()
