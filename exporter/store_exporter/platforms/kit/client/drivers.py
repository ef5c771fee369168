"""The two drivers of plans: blocking and asynchronous HTTP over httpx' transports.

The transports are used without httpx' clients on purpose. A client keeps cookies, so one shopper's
session would leak into the next one's requests; it logs addresses, which may contain a signature;
and it follows either all redirects or none, while credentials must stay on one host.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Generic, TypeVar, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ....contract import Response
from ....errors import StoreError
from ....net import httpx_wire, redirects, tls
from ....net.httpx_exchange import HttpxExchange, httpx_request
from ....net.marks import GENERIC, Marks
from ....net.plans import Pause, Plan, Request, Step, drive
from .http_spans import HttpSpan

T = TypeVar("T")
TransportT = TypeVar("TransportT", bound=httpx.BaseTransport | httpx.AsyncBaseTransport)
SleptT = TypeVar("SleptT")
Sign = Callable[[Request], Request]
"""Adds the credentials to a request; called again for each attempt."""


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment (`HTTPS_PROXY`, `NO_PROXY`, …) sets for an address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a verifying TLS context that trusts the issuers in `ca_file` as well."""
    return tls.trusting(tls.like_browsers(httpx.create_ssl_context()), ca_file)


class _Driver(ABC, Generic[TransportT, SleptT]):
    """Runs plans: the part that blocking and asynchronous callers share.

    The transport is closed with the driver. `sign` adds credentials to a request; `proxied` is
    whether the transport connects to a proxy; `sleep` is the standard library's unless given.
    """

    def __init__(
        self,
        transport: TransportT,
        *,
        sign: Sign,
        marks: Marks = GENERIC,
        max_body_bytes: int,
        proxied: bool = False,
        sleep: Callable[[float], SleptT] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        httpx_wire.watch(transport, proxied=proxied)
        self._transport = transport
        self._sign = sign
        self._marks = marks
        self._limit = max_body_bytes
        self._proxied = proxied
        self._sleep = sleep
        self._monotonic = monotonic

    @abstractmethod
    async def _pause(self, seconds: float) -> None:
        """Wait."""

    @abstractmethod
    async def _send(self, signed: Request, exchange: HttpxExchange) -> Response:
        """Send a request and read the response."""

    async def _perform(self, step: Step) -> Response | None:
        if isinstance(step, Pause):
            await self._pause(step.seconds)
            return None
        return await self._request(step)

    async def _request(self, request: Request) -> Response:
        """Send a request, and follow redirects on the same host, as probes do."""
        ends = self._monotonic() + request.timeout
        signed = self._sign(request)
        response = await self._exchange(request, signed)
        trail = redirects.Trail(request.method, request.url, self._marks)
        while (target := trail.next(response)) is not None:
            left = ends - self._monotonic()
            if left <= 0 or not target.startswith(f"{request.url.partition(':')[0]}:"):
                # Without TLS nobody is verified; who reads the response reports the redirect.
                return response
            signed = replace(signed, url=target, params={}, timeout=left)
            shown = replace(request, url=target.partition("?")[0], params={}, timeout=left)
            response = await self._exchange(shown, signed)
        return response

    async def _exchange(self, request: Request, signed: Request) -> Response:
        """Send a signed request; its response belongs to the one without the credentials."""
        exchange = HttpxExchange(request, self._limit, self._monotonic, proxied=self._proxied)
        span = HttpSpan(request.method, request.url, request.params)
        try:
            response = await self._send(signed, exchange)
        except StoreError as error:
            span.failed(error.error_type)
            raise
        except Exception as error:
            failure = exchange.failure(error)
            span.failed("exception" if failure is None else failure.error_type)
            if failure is None:
                raise
            raise failure from error
        except BaseException:
            span.failed("cancelled")
            raise
        span.responded(response.status)
        return response


class SyncDriver(_Driver[httpx.BaseTransport, None]):
    """Runs plans, blocking; safe to use from several threads.

    What it awaits blocks instead, so that its coroutines run to their end at the first step.
    """

    def run(self, plan: Plan[T]) -> T:
        """Run a plan to its end and return its result, or raise what it raises."""
        try:
            drive(plan, self._perform).send(None)
        except StopIteration as end:
            result: T = end.value
            return result
        raise AssertionError("a blocking driver has awaited something")

    async def _pause(self, seconds: float) -> None:
        (self._sleep or time.sleep)(seconds)

    async def _send(self, signed: Request, exchange: HttpxExchange) -> Response:
        response = self._transport.handle_request(httpx_request(signed))
        try:
            body = exchange.begin(response)
            # Not iter_raw(): that refuses the ready-made responses of httpx.MockTransport.
            for chunk in cast("httpx.SyncByteStream", response.stream):
                exchange.check_time()
                body.add(chunk)
        finally:
            response.close()
        return exchange.response(response, body)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class AsyncDriver(_Driver[httpx.AsyncBaseTransport, Awaitable[None]]):
    """Runs plans in an asyncio event loop."""

    async def run(self, plan: Plan[T]) -> T:
        """Run a plan to its end and return its result, or raise what it raises."""
        return await drive(plan, self._perform)

    async def _pause(self, seconds: float) -> None:
        await (self._sleep or asyncio.sleep)(seconds)

    async def _send(self, signed: Request, exchange: HttpxExchange) -> Response:
        async with asyncio.timeout(signed.timeout):
            response = await self._transport.handle_async_request(httpx_request(signed))
            try:
                body = exchange.begin(response)
                async for chunk in cast("httpx.AsyncByteStream", response.stream):
                    body.add(chunk)
            finally:
                await response.aclose()
        return exchange.response(response, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
