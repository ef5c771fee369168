"""Connections to stores: most serve one run, those of scheduled liveness probes serve many.

A connection that is kept saves most of a probe's processor time, and the store a handshake. It
shows neither the name's look-up nor TCP nor TLS, so that each store is connected to anew every ten
minutes, by all other probes, and by whatever somebody waits for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary
from zlib import crc32

import aiohttp

from ..net import reach
from .exchange import watched

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

RENEWED = 600.0
"""Seconds after which a store is connected to anew."""
_UNUSED = 120.0
"""Seconds after which a connection that nobody used is closed. So much more than `IDLE` that a run
that is late, because the processor is busy, does not take a handshake as well."""
POOLS = 64
"""aiohttp looks at all idle connections of a pool in one go, and closes those that nobody used: ten
thousand would take a second, for which nothing else goes on."""


class Connector(aiohttp.TCPConnector):
    """Tells the `Exchange` of its task whether its connection is a new one.

    aiohttp's tracing does so as well, and takes a tenth of a probe over a kept connection for it.

    Args:
        options: of `TCPConnector`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._epochs: WeakKeyDictionary[ResponseHandler, int] = WeakKeyDictionary()
        """The connections that are open, by what aiohttp knows each by; see `Lasting`."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """Return a connection that was kept, or a new one."""
        epoch = self._epoch(req)
        connection = await super().connect(req, traces, timeout)
        opened = self._epochs.get(_protocol(connection))
        if opened is not None and (opened != epoch or not _is_permitted(connection)):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        protocol = _protocol(connection)
        is_new = protocol not in self._epochs
        if is_new:
            self._opened(protocol, epoch)
        if (exchange := watched.get()) is not None:
            exchange.connected(is_new=is_new)
        return connection

    def _epoch(self, req: aiohttp.ClientRequest) -> int:
        """Return the time of a request, in which only connections of the same one are used."""
        del req
        return 0

    def _opened(self, protocol: ResponseHandler, epoch: int) -> None:
        """Take note of a new connection."""
        self._epochs[protocol] = epoch


class Lasting(Connector):
    """Keeps connections between runs, and renews them.

    Args:
        epochs: the epoch in which each connection that is kept was opened; shared by all pools.
        most: how many are kept; further ones are closed after the request.
        clock: seconds that only grow.
        options: further ones of `TCPConnector`.
    """

    def __init__(
        self,
        epochs: WeakKeyDictionary[ResponseHandler, int],
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        # Rounded to seconds, as aiohttp does beyond the threshold, all pools' timers would meet.
        super().__init__(keepalive_timeout=_UNUSED, timeout_ceil_threshold=math.inf, **options)
        self._epochs = epochs
        self._most = most
        self._clock = clock

    def _epoch(self, req: aiohttp.ClientRequest) -> int:
        # Each host has a place of its own, so that not all are renewed at once.
        host = crc32(req.connection_key.host.encode()) / 2**32
        return int(self._clock() / RENEWED + host)

    def _opened(self, protocol: ResponseHandler, epoch: int) -> None:
        if len(self._epochs) < self._most:
            self._epochs[protocol] = epoch
        else:
            protocol.force_close()


def _is_permitted(connection: Connection) -> bool:
    """Whether the run may connect to where it leads: the configuration may have changed."""
    permits = reach.permitted.get()
    if permits is None or connection.transport is None:
        return True
    return permits(connection.transport.get_extra_info("peername")[0])


def _protocol(connection: Connection) -> ResponseHandler:
    """Return what a connection in use is to aiohttp, the same object at each use."""
    return cast("ResponseHandler", connection.protocol)
