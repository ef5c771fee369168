"""Addresses to listen on, and the process's life: from its start to a signal that ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http import HttpProcessingError

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 5.0
"""How long requests under way may take to finish once the process is told to end."""


def parse_address(text: str) -> tuple[str | None, int]:
    """Read `HOST:PORT`, `[IPV6]:PORT` or `:PORT`; no host means every interface.

    Raises:
        ValueError: it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or :PORT")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets, such as [::1]:9847")
    return host or None, int(port)


@asynccontextmanager
async def listening(
    app: web.Application,
    addresses: Sequence[tuple[str | None, int]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[list[str]]:
    """Serve an application until the block ends; yields the addresses, with the ports chosen.

    Raises:
        OSError: an address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_Complaints(log),
        # Also the longest that a connection may take to send a request's head.
        keepalive_timeout=75.0,
        lingering_time=1.0,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        for host, port in addresses:
            await web.TCPSite(runner, host, port, ssl_context=tls).start()
        scheme = "http" if tls is None else "https"
        yield [_url(scheme, address) for address in runner.addresses]
    finally:
        await runner.cleanup()


class _Complaints(logging.LoggerAdapter[logging.Logger]):
    """Tells at debug, and without their bytes, of requests that are not HTTP.

    Every port scan makes some, and aiohttp's errors quote them, a password included.
    """

    def exception(self, msg: object, *args: object, exc_info: Any = True, **rest: Any) -> None:
        """Log a failure: what the other side did wrong at debug, anything else as an error."""
        if isinstance(exc_info, HttpProcessingError):
            self.debug(f"{msg}: {type(exc_info).__name__}", *args)
        else:
            super().exception(msg, *args, exc_info=exc_info, **rest)


def _url(scheme: str, address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_loopback(url: str) -> bool:
    """Tell whether only this machine reaches an address that `listening` yielded."""
    return ip_address(urlsplit(url).hostname or "").is_loopback


@contextmanager
def signals(reload: Callable[[], object]) -> Iterator[asyncio.Event]:
    """Handle signals until the block ends; yields what SIGTERM and SIGINT set.

    Args:
        reload: called at each SIGHUP.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, ended, number)
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield ended
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _end(ended: asyncio.Event, number: signal.Signals) -> None:
    log.info("shutting down", extra={"signal": signal.Signals(number).name})
    ended.set()
