"""Addresses to listen on, and serving an application there."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from aiohttp import web

from .connections import Connections
from .descriptors import Shares

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0
"""Seconds that running requests may take after the process was told to stop."""
_BACKLOG = 128
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


@asynccontextmanager
async def listening(
    app: web.Application,
    addresses: Sequence[tuple[str | None, int]],
    tls: Callable[[], ssl.SSLContext | None] | None = None,
    *,
    opened: Sequence[socket.socket] = (),
    limit: int = Shares().server,
) -> AsyncIterator[list[str]]:
    """Serve an application until the block ends; yields the addresses, with the ports chosen.

    The application starts only once all addresses are its own. Who connects meanwhile, waits.

    Args:
        app: the application that serves requests.
        addresses: hosts and ports; no host means every interface.
        tls: returns the TLS context of each connection, or None to close it; None for plain HTTP.
        opened: sockets that listen already; they are closed at the end.
        limit: connections at the same time.

    Raises:
        OSError: an address cannot be listened on.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    connections: Connections | None = None
    listeners = list(opened)
    try:
        for host, port in addresses:
            listeners += await _opened(host, port)
        await runner.setup()
        connections = Connections(cast(web.Server, runner.server), limit, tls)
        for listener in listeners:
            connections.listen(listener)
        scheme = "http" if tls is None else "https"
        yield [_url(scheme, listener) for listener in listeners]
    finally:
        if connections is not None:
            connections.refuse()
        for listener in listeners:
            listener.close()
        await runner.cleanup()
        if connections is not None:
            await connections.close()


async def _opened(host: str | None, port: int) -> list[socket.socket]:
    """Open what `_listeners` opens, with an error that names the address which cannot be used."""
    try:
        return await _listeners(host, port)
    except OSError as error:
        # Names that do not resolve have numbers of their own.
        of_host = isinstance(error, socket.gaierror) or error.errno is None
        reason = error.strerror if of_host else os.strerror(error.errno or 0)
        shown = f"[{host}]" if host and ":" in host else host or ""
        raise OSError(
            f"{shown}:{port} cannot be listened on: {reason}; --web.listen-address names another "
            "address"
        ) from error


async def _listeners(host: str | None, port: int) -> list[socket.socket]:
    """Open a socket for each address that a host has; all of them or none."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                listeners.append(socket.create_server(address, family=family, backlog=_BACKLOG))
            except OSError as error:
                # A system may have no IPv6, so its interfaces may have no such addresses.
                if host is not None or error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error
        if missing is not None and not listeners:
            raise missing
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def _url(scheme: str, listener: socket.socket) -> str:
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_loopback(url: str) -> bool:
    """Return whether only this machine reaches an address that `listening` yielded."""
    return url.startswith("unix:") or ip_address(urlsplit(url).hostname or "").is_loopback
