"""One HTTP exchange over aiohttp, with limits, the time of each phase, and our own errors.

One `Transport` serves all stores. It knows nothing of budgets, redirects and schedules.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import sslproto
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from zlib import crc32

import aiohttp
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult

from ..contract import Response
from ..errors import StoreError
from ..net import head, names, reach, tls
from ..net.body import Body
from ..net.failures import transport_error
from ..net.plans import HEADERS
from ..net.proxy import refuse_own
from . import proxied
from .connections import POOLS, Connector, Lasting
from .exchange import Exchange, Outgoing, StaleConnectionError

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler

# asyncio allocates a buffer of this size for each TLS connection, fills it with zeros and keeps it
# until the connection ends. With its default of 256 KiB that is a twentieth of a probe's cost.
sslproto.SSLProtocol.max_size = 4 * 1024

_AROUND = 0.25
"""Additional bytes on the wire for each permitted byte of a body, such as the sizes of chunks. Real
servers send chunks of kilobytes."""
_NOTABLE_QUEUE = 0.5
"""Seconds of waiting for our own DNS look-ups after which a timeout says nothing about a store."""
_PEEK_SECONDS = 3.0
"""Maximum seconds for fetching a certificate that was refused."""


class Transport:
    """Connections to all stores, for use and closing in one event loop.

    Names are looked up for each new connection, so that a probe notices a change. Cookies are
    dropped, and the environment's proxies and `.netrc` are not used.

    Args:
        keepalive: seconds for which an idle connection is kept. The requests of one run share it.
            The next run opens a new one, and so sees what a visitor sees. Servers keep connections
            for five seconds or more, so they do not close one that is about to be used.
        lasting: maximum number of connections that are kept for longer, see `Lasting`.
        resolver: looks up host names.
    """

    def __init__(
        self,
        *,
        keepalive: float = 0.5,
        lasting: int = 0,
        resolver: names.Names | None = None,
    ) -> None:
        self._names = resolver or names.Names()
        options: dict[str, Any] = {
            # Whoever schedules the runs limits their number: here one that waits would be late.
            "limit": 0,
            "use_dns_cache": False,
            "resolver": _Resolver(self._names),
        }
        self._session = _session(Connector(keepalive_timeout=keepalive, **options))
        epochs: WeakKeyDictionary[ResponseHandler, int] = WeakKeyDictionary()
        self._lasting = [
            _session(Lasting(epochs, lasting, **options)) for _ in range(POOLS if lasting else 0)
        ]

    async def send(self, outgoing: Outgoing, exchange: Exchange) -> Response:
        """Send a request and return the response, with any status.

        Args:
            outgoing: the request with its limits.
            exchange: receives the duration of each phase when it ends.

        Raises:
            StoreError: timeout, dns, connection, tls, tls_untrusted, response_too_large,
                invalid_response for a body that cannot be decompressed, or invalid_request for
                a malformed URL.
        """
        try:
            address = yarl.URL(outgoing.url, encoded=outgoing.url.isascii())
        except ValueError:
            raise StoreError("invalid_request", "the url is not an address") from None
        try:
            async with asyncio.timeout_at(outgoing.deadline):
                response = await self._exchange(outgoing, address, exchange)
        except Exception as raised:
            if exchange.exceeded:
                raise _too_many_bytes(exchange) from raised
            if isinstance(raised, StoreError):
                raise
            error = raised.error if isinstance(raised, _UnansweredError) else raised
            host = address.host or outgoing.url
            failure = proxied.failure(error, outgoing.proxy, address, exchange) or transport_error(
                error,
                host,
                sent=not isinstance(error, aiohttp.ClientConnectorError),
                secure=address.scheme == "https",
                stage=exchange.stage(),
            )
            if failure is None:
                raise
            if failure.error_type == "timeout" and exchange.queued >= _NOTABLE_QUEUE:
                message = "too many other names are looked up at the same time"
                raise StoreError("local_failure", message) from error
            if failure.error_type in ("tls", "tls_untrusted") and outgoing.proxy is None:
                await self._peek(address, outgoing.deadline, exchange)
            if error is not raised and exchange.kept:
                raise StaleConnectionError(failure.error_type, failure.message) from error
            raise failure from error
        if exchange.exceeded:
            # A body that ends with the connection looks complete although it was cut.
            raise _too_many_bytes(exchange)
        return response

    async def _exchange(
        self, outgoing: Outgoing, address: yarl.URL, exchange: Exchange
    ) -> Response:
        exchange.watch()
        exchange.anew = outgoing.anew
        most = outgoing.max_body_bytes
        exchange.most_bytes = most + int(most * _AROUND) + head.MAX_BYTES
        proxy = outgoing.proxy
        if proxy is not None:
            # The permitted addresses are the store's, and here the proxy connects to the store.
            reach.permitted.set(None)
        session = self._session
        if outgoing.lasting and self._lasting and proxy is None:
            # `host` would decode the name each time, which takes a thirtieth of a probe.
            session = self._lasting[crc32((address.raw_host or "").encode()) % POOLS]
        async with session.request(
            outgoing.method,
            address,
            headers={**HEADERS, **outgoing.headers, **proxied.login(proxy, address)},
            data=outgoing.data,
            allow_redirects=False,
            **proxied.options(proxy, outgoing.deadline),
            ssl=tls.context(outgoing.ca_file) if address.scheme == "https" else True,
        ) as response:
            exchange.responded(response.status)
            try:
                headers = _headers(response)
                if proxy is not None and address.scheme == "http":
                    refuse_own(proxy.url, address.host or "", response.status, headers)
                coding = headers.get("content-encoding", "")
                body = Body(outgoing.max_body_bytes, coding, response.status)
                async for chunk in response.content.iter_any():
                    body.add(chunk)
                whole = body.whole()
            except BaseException:
                # The rest of the body is not read, so the connection cannot be used again.
                response.close()
                raise
            exchange.complete()
            return Response(
                response.status,
                headers,
                whole,
                outgoing.url,
                exchange.phases,
                exchange.certificate_expiry,
            )

    async def _peek(self, address: yarl.URL, deadline: float, exchange: Exchange) -> None:
        """Fetch the expiry date of a certificate that was not accepted."""
        if address.host is None or address.port is None:
            return
        limit = min(deadline, asyncio.get_running_loop().time() + _PEEK_SECONDS)
        with suppress(TimeoutError, OSError, StoreError):
            async with asyncio.timeout_at(limit):
                found = await self._names.addresses(address.host, address.port)
                exchange.certificate_expiry = await tls.presented_expiry(
                    found[0].host, address.port, address.host
                )

    async def close(self) -> None:
        """Close all connections."""
        for session in (self._session, *self._lasting):
            await session.close()


def _too_many_bytes(exchange: Exchange) -> StoreError:
    message = f"the response exceeds {exchange.most_bytes} bytes on the wire"
    return StoreError("response_too_large", message, status=exchange.status)


def _session(connector: Connector) -> aiohttp.ClientSession:
    """Return a session that adds nothing to requests, such as cookies, and repeats none."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        middlewares=(_once,),
        auto_decompress=False,
        trust_env=False,
        max_line_size=head.MAX_LINE,
        max_field_size=head.MAX_LINE,
        max_headers=head.MAX_LINES,
    )


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    version = "HTTP/{}.{}".format(*(response.version or (1, 1)))
    return head.read(response.status, response.raw_headers, version, response.reason or "")


class _Resolver(AbstractResolver):
    """The interface of aiohttp for `Names`."""

    def __init__(self, known: names.Names) -> None:
        self._names = known

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address.host,
                port=address.port,
                family=address.family,
                proto=address.proto,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._names.addresses(host, port, family)
        ]

    async def close(self) -> None:
        """Do nothing: threads that are looking up a name end by themselves."""


class _UnansweredError(aiohttp.ClientError):
    """Replaces the exception of a request without a response, which aiohttp would repeat."""

    def __init__(self, error: aiohttp.ClientError) -> None:
        super().__init__(str(error))
        self.error = error


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Prevent aiohttp from repeating a request.

    It would do so when a connection ends without a response. But a signature with a nonce is valid
    for one request only, and each request needs a place in the budget.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _UnansweredError(error) from error
