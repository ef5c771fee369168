"""Accepts connections, limits their number, and responds to errors below HTTP requests.

asyncio's own server accepts connections until the process has no descriptors left, then logs
thousands of tracebacks. It does not count connections before their TLS handshake. So sockets are
accepted and counted here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.http import HttpProcessingError

from ..security import safety

log = logging.getLogger(__name__)

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_AT_ONCE = 16
"""Connections accepted before the event loop does anything else."""
_HANDSHAKE_SECONDS = 10.0
RECEIVE_SECONDS = 120.0
"""How long a client may take to receive a response that is complete here. For one that has gone to
sleep it would be held for ever."""
_REST_SECONDS = 1.0
_WARN_SECONDS = 60.0


class ServerConnection(web.RequestHandler):
    """One connection. Errors before a request is complete get a response like all others.

    Attributes:
        busy: whether a request is being handled.
        guessed: whether a wrong password came over it.
        quiet_since: when the last request ended, or the connection was made, on the loop's clock.
        lost: done when the connection has ended.
    """

    __slots__ = ("busy", "guessed", "lost", "quiet_since")

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            logger=log,
            # Also the longest that a connection may take to send a request's head.
            keepalive_timeout=75.0,
            lingering_time=1.0,
            # Packed bodies are unpacked within a limit where they are read.
            auto_decompress=False,
        )
        self.busy = False
        self.guessed = False
        self.quiet_since = loop.time()
        self.lost: asyncio.Future[None] = loop.create_future()

    @property
    def is_ending(self) -> bool:
        """Whether nothing can be sent any more."""
        return self.transport is None or self.transport.is_closing()

    @contextmanager
    def may_end(self) -> Iterator[None]:
        """Until the block ends, allow this connection to be closed in favour of another one."""
        self.busy = False
        try:
            yield
        finally:
            self.busy = True

    def connection_lost(self, exc: BaseException | None) -> None:
        """Record that the connection has ended."""
        super().connection_lost(exc)
        if not self.lost.done():
            self.lost.set_result(None)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Respond to an error before the application; aiohttp's `message` quotes the request."""
        del message
        if isinstance(exc, HttpProcessingError):
            # Every port scan causes some of these.
            extra = {"remote": request.remote, "reason": type(exc).__name__}
            log.debug("this was no request", extra=extra)
        elif isinstance(exc, ConnectionError) and self.is_ending:
            # For example one that sent an `Expect` header and did not wait.
            log.debug("a client has gone", extra={"reason": type(exc).__name__})
        else:
            log.error("a request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun already")
        text = f"{status} {HTTPStatus(status).phrase}\n"
        response = web.Response(status=status, text=text, headers=safety.HEADERS)
        response.force_close()
        return response

    def log_exception(self, *args: object, **rest: object) -> None:
        """Log an error outside request handlers; at level debug if the other side caused it."""
        error = rest.get("exc_info")
        if isinstance(error, web.RequestPayloadError | HttpProcessingError):
            log.debug("a request's body broke off", extra={"reason": type(error).__name__})
        else:
            super().log_exception(*args, **rest)


def of(request: web.BaseRequest) -> ServerConnection:
    """Return the connection of a request."""
    return cast(ServerConnection, request.protocol)


class Connections:
    """Accepts connections on sockets, up to a limit.

    At the limit, the connection that has been idle for the longest time is closed. If every
    connection has a request, the new one is refused. So a client that keeps connections open cannot
    lock out others.

    Args:
        tls: returns the TLS context of each connection, or None to close it; None for plain HTTP.
    """

    def __init__(
        self, server: web.Server, limit: int, tls: Callable[[], ssl.SSLContext | None] | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._limit = limit
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._open: dict[ServerConnection, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._logged: dict[str, float] = {}
        server.request_handler = self._handling(server.request_handler)

    def listen(self, listener: socket.socket) -> None:
        """Accept connections on a listening socket, which is closed with this."""
        listener.setblocking(False)
        self._sockets.append(listener)
        self._loop.add_reader(listener, self._accept, listener)

    def refuse(self) -> None:
        """Accept no more connections, and close those whose handshake is not finished."""
        for listener in self._sockets:
            self._loop.remove_reader(listener)
            listener.close()
        self._sockets.clear()
        for connection, task in self._open.items():
            if connection.transport is None:
                task.cancel()

    async def close(self) -> None:
        """End every connection that is still open."""
        tasks = [*self._open.values(), *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _handling(self, handle: Handle) -> Handle:
        async def handled(request: web.BaseRequest) -> web.StreamResponse:
            connection = of(request)
            connection.busy = True
            try:
                return await handle(request)
            except web.HTTPException as error:
                # For example an unsupported `Expect` header, which no middleware sees.
                return safety.plain_text_error(error)
            finally:
                connection.busy = False
                connection.quiet_since = self._loop.time()

        return handled

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, _address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(listener, error)
                return
            accepted.setblocking(False)
            if len(self._open) >= self._limit and not self._make_room():
                accepted.close()
                self._warn("all connections are in use; one more was turned away")
                continue
            connection = ServerConnection(self._server, self._loop)
            task = self._loop.create_task(self._serve(connection, accepted))
            self._open[connection] = task

    def _rest(self, listener: socket.socket, error: OSError) -> None:
        """Pause for a moment: the system would report the same error again at once."""
        self._warn(f"connections cannot be accepted: {error.strerror}")
        self._loop.remove_reader(listener)
        self._loop.call_later(_REST_SECONDS, self._resume, listener)

    def _resume(self, listener: socket.socket) -> None:
        if listener in self._sockets:
            self._loop.add_reader(listener, self._accept, listener)

    def _make_room(self) -> bool:
        idle = [connection for connection in self._open if not connection.busy]
        if not idle:
            return False
        task = self._open.pop(min(idle, key=lambda connection: connection.quiet_since))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.cancel()
        return True

    async def _serve(self, connection: ServerConnection, accepted: socket.socket) -> None:
        try:
            context = None if self._tls is None else self._tls()
            if self._tls is not None and context is None:
                accepted.close()
                return
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=context,
                ssl_handshake_timeout=None if context is None else _HANDSHAKE_SECONDS,
            )
            try:
                await self._ended(connection, transport)
            finally:
                # Without this check, a connection that ended with its last byte would be closed
                # twice, and fail.
                if not connection.lost.done():
                    transport.abort()
        except OSError as error:
            log.debug("a connection failed", extra={"reason": type(error).__name__})
        finally:
            self._open.pop(connection, None)

    async def _ended(self, connection: ServerConnection, transport: asyncio.Transport) -> None:
        """Wait until a connection has ended, or its client does not receive a response."""
        while not connection.lost.done():
            await asyncio.wait((connection.lost,), timeout=RECEIVE_SECONDS / 2)
            late = self._loop.time() - connection.quiet_since >= RECEIVE_SECONDS
            if late and not connection.busy and transport.get_write_buffer_size():
                return

    def _warn(self, message: str) -> None:
        now = self._loop.time()
        if now - self._logged.get(message, -_WARN_SECONDS) >= _WARN_SECONDS:
            self._logged[message] = now
            log.warning(message)
