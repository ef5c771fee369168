"""Connections to stores: scheduled liveness probes keep theirs, other runs do not.

docs/architecture/probing.md says what a kept connection saves, and what it does not test.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary
from zlib import crc32

import aiohttp
from aiohttp.client_proto import ResponseHandler

from ..net import reach
from ..net.odd_heads import HeadReader
from .exchange import watched

if TYPE_CHECKING:
    from aiohttp.client_reqrep import ConnectionKey
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

RENEWED = 600.0
"""Seconds after which a kept connection is replaced."""
_UNUSED = 120.0
"""Seconds after which an unused connection is closed. It is well above `IDLE`, so that a run that
is late, because the processor is busy, does not need a handshake as well."""
POOLS = 64
"""aiohttp examines all idle connections of a pool at once to close the unused ones: for ten
thousand this would block the event loop for a second."""


class Wire(ResponseHandler):
    """One connection, which reads odd heads, and ends when a response takes more bytes than it may.

    All bytes count: chunks may have extensions, and be of a byte each, and any number of interim
    responses (RFC 9110, section 15.2) may come before a response, all of which cost more to parse
    than a body.

    Attributes:
        left: how many more bytes the response may take.
        head: makes its head readable.
    """

    left: float = math.inf

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.head = HeadReader()

    def data_received(self, data: bytes) -> None:
        """Parse what came in, within the limit."""
        self.left -= len(data)
        if self.left >= 0:
            super().data_received(self.head.received(data))
        elif self.transport is not None:
            self.transport.abort()


class Connector(aiohttp.TCPConnector):
    """Reports to the `Exchange` of its task whether its connection is new.

    aiohttp's tracing could report it too, at a tenth of the cost of a probe over a kept connection.

    Args:
        options: of `TCPConnector`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(Wire, loop=self._loop)  # type: ignore[assignment]
        self._epochs: WeakKeyDictionary[ResponseHandler, int] = WeakKeyDictionary()
        """The open connections by their aiohttp protocol; see `Lasting`."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """Return a kept connection, or a new one."""
        epoch, exchange = self._epoch(req), watched.get()
        anew = exchange is not None and exchange.anew
        connection = await super().connect(req, traces, timeout)
        while (opened := self._epochs.get(protocol := _protocol(connection))) is not None and (
            # What a server sent unrequested, such as HTTP 408, would be taken for the response.
            anew or opened != epoch or protocol.should_close or not _is_permitted(connection)
        ):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        is_new = opened is None
        if is_new:
            self._opened(protocol, epoch)
        protocol.left = math.inf if exchange is None else exchange.most_bytes
        protocol.head.expect()
        if exchange is not None:
            exchange.wire = protocol
            exchange.connected(is_new=is_new)
        return connection

    def _epoch(self, req: aiohttp.ClientRequest) -> int:
        """Return the epoch of a request; it may use only connections of the same epoch."""
        del req
        return 0

    def _opened(self, protocol: ResponseHandler, epoch: int) -> None:
        self._epochs[protocol] = epoch


class Lasting(Connector):
    """Keeps connections between runs, and renews them.

    Args:
        epochs: the epoch in which each kept connection was opened; shared by all pools.
        most: maximum number of kept connections; further ones are closed after the request.
        clock: seconds of a monotonic clock.
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

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        super()._release(key, protocol, should_close=should_close)
        # aiohttp keeps the parser, and with it all headers of the last response, until the next
        # request makes a new one: some eight kilobytes for each connection that is kept.
        protocol._parser = protocol._payload = None  # noqa: SLF001 - nothing public does it
        # asyncio makes a new buffer when it reads.
        if (secured := getattr(protocol.transport, "_ssl_protocol", None)) is not None:
            secured._ssl_buffer = secured._ssl_buffer_view = b""  # noqa: SLF001 - the same

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


def _protocol(connection: Connection) -> Wire:
    """Return what a connection in use is to aiohttp, the same object at each use."""
    return cast("Wire", connection.protocol)
