"""Why a client's connection was not made, where the library that it uses cannot know.

Libraries look names up themselves. A name server of this machine that is dead looks like one of the
store's to them, and a name that a filter leads to nowhere like a store that refuses connections.
`Names` knows both while it looks names up; here they are found out afterwards.
"""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from . import name_servers, names
from .classify import wrapped_errors

_DEPTH = 4
"""How far a chain of causes is followed."""
_MOST_SECONDS = 3.0
"""How long it may take where there is time."""


def seconds_left(began: float, timeout: float | None) -> float:
    """Return how long `examine` may take: half of what is left, so that its result is in time.

    Args:
        began: when the connection did, by `time.monotonic`.
        timeout: seconds that it may take; None for any.
    """
    left = math.inf if timeout is None else began + timeout - time.monotonic()
    return min(max(left / 2, 0.0), _MOST_SECONDS)


async def examine(error: BaseException, host: str, port: int, seconds: float) -> None:
    """Find out whether a connection failed for a reason on this side, if that can be in time.

    Args:
        error: the library's.
        host: to which the connection was to be made.
        port: likewise.
        seconds: how long it may take.

    Raises:
        OSError: this machine's name servers do not respond, or it has nothing to ask them with.
        StoreError: dns, the name leads to the address of nothing.
    """
    failed = next(_failed_look_ups(error, _DEPTH), None)
    if failed is not None:
        names.blame_this_machine(failed)
        if failed.errno != socket.EAI_AGAIN:
            return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            if failed is None:
                with suppress(OSError, UnicodeError):
                    # In a thread that nobody waits for, however long the look-up takes.
                    await names.Names(socket.getaddrinfo).addresses(host, port)
            elif not await name_servers.resolve():
                raise OSError(errno.ENETDOWN, names.UNSERVED) from error


def examine_now(error: BaseException, host: str, port: int, seconds: float) -> None:
    """Do as `examine` does for blocking code, in whatever thread that runs.

    Raises:
        OSError: as `examine` does.
        StoreError: likewise.
    """
    with suppress(RuntimeError), ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, examine(error, host, port, seconds)).result()


def _failed_look_ups(error: BaseException, depth: int) -> Iterator[socket.gaierror]:
    if isinstance(error, socket.gaierror):
        yield error
    if depth:
        for inner in wrapped_errors(error):
            yield from _failed_look_ups(inner, depth - 1)
