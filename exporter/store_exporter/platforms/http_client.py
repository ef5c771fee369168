"""The two drivers of plans: blocking and asynchronous HTTP over httpx' transports.

The transports are used without httpx' clients on purpose. A client keeps cookies, so that one
shopper's session would leak into the next one's request; it logs each address, which may carry a
signature; and it can only follow redirects or not, while an answer elsewhere must never be given
the credentials. What is left to do here is little: time and size limits and errors of our own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from .._version import __version__
from ..errors import StoreError
from ..probing.contract import Answer
from .plans import Pause, Plan, Request, TransportError

T = TypeVar("T")
Sign = Callable[[Request], Request]
"""Adds to a request what proves who sent it; called for each attempt anew."""

USER_AGENT = f"store-exporter/{__version__}"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment (`HTTPS_PROXY`, `NO_PROXY`, …) sets for an address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Return a verifying TLS context that trusts the issuers in `ca_file` as well."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def transport_error(error: Exception, host: str) -> TransportError:
    """Turn what httpx raised into an error of ours."""
    sent = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    if isinstance(error, httpx.PoolTimeout):
        return TransportError("pool_timeout", "no connection of the pool became free", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return TransportError("timeout", f"{host} did not answer in time", sent=sent)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)):
        return TransportError("invalid_request", f"not a request: {error}", sent=False)
    if isinstance(error, (httpx.DecodingError, httpx.RemoteProtocolError)):
        message = f"{host} ended the connection early or does not speak HTTP"
        return TransportError("connection", message, sent=True)
    return _connection_error(error, host, sent=sent)


def _connection_error(error: Exception, host: str, *, sent: bool) -> TransportError:
    """Find out from the chain of causes whether it was the name, TLS or the connection."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_error(cause, host)
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or "no reason given"
            return TransportError("tls", f"TLS with {host} failed: {reason}", sent=sent)
        if isinstance(cause, socket.gaierror):
            return TransportError("dns", f"the name {host} does not resolve", sent=False)
        cause = cause.__cause__ or cause.__context__
    verb = "broke off" if sent else "failed"
    return TransportError("connection", f"the connection to {host} {verb}", sent=sent)


# OpenSSL's X509_V_ERR_ codes for an issuer that is unknown here, as against a certificate that is
# wrong in itself (expired, for another name).
_UNTRUSTED = (2, 18, 19, 20, 21, 24, 27)


def _certificate_error(error: ssl.SSLCertVerificationError, host: str) -> TransportError:
    kind = "tls_untrusted" if error.verify_code in _UNTRUSTED else "tls"
    message = f"the certificate of {host} is not accepted: {error.verify_message}"
    return TransportError(kind, message, sent=False)


class _Body:
    """Collects a body and decompresses it, both within a limit.

    Args:
        answer: the answer's head.
        limit: bytes, before and after decompression.
        ends: when time is up, by the monotonic clock.
        monotonic: that clock.
    """

    def __init__(
        self, answer: httpx.Response, limit: int, ends: float, monotonic: Callable[[], float]
    ) -> None:
        self._answer = answer
        self._limit = limit
        self._ends = ends
        self._monotonic = monotonic
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Take the next piece of it.

        Raises:
            StoreError: response_too_large or timeout.
        """
        self._size += len(chunk)
        if self._size > self._limit:
            raise self._too_large()
        # A store that sends a byte now and then never runs into httpx' own timeouts.
        if self._monotonic() > self._ends:
            raise TransportError("timeout", "the answer did not end in time", sent=True)
        self._chunks.append(chunk)

    def _too_large(self) -> StoreError:
        return StoreError(
            "response_too_large",
            f"the answer exceeds {self._limit} bytes",
            status=self._answer.status_code,
        )

    def whole(self) -> bytes:
        """Return the body, decompressed.

        Raises:
            StoreError: response_too_large, or invalid_response for a compression that was not
                asked for or is broken.
        """
        raw = b"".join(self._chunks)
        coding = self._answer.headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity") or not raw:
            return raw
        if coding not in ("gzip", "x-gzip"):
            message = f"the answer is compressed with {coding[:20]!r}, which was not asked for"
            raise StoreError("invalid_response", message, status=self._answer.status_code)
        inflate = zlib.decompressobj(wbits=31)
        try:
            body = inflate.decompress(raw, self._limit + 1)
        except zlib.error:
            status = self._answer.status_code
            raise StoreError("invalid_response", "broken gzip", status=status) from None
        if len(body) > self._limit:
            raise self._too_large()
        return body


class _Driver:
    """What both drivers have in common."""

    def __init__(self, sign: Sign, max_body_bytes: int, monotonic: Callable[[], float]) -> None:
        self._sign = sign
        self._limit = max_body_bytes
        self._monotonic = monotonic

    def _prepare(self, request: Request) -> tuple[httpx.Request, _Begin]:
        signed = self._sign(request)
        url = signed.url
        if signed.params:
            # RFC 3986, as OAuth signatures count on it: a space is %20 and not a plus.
            query = urlencode(signed.params, quote_via=quote, safe="-_.~")
            url = f"{url}?{query}"
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), request.timeout)
        headers: dict[str, str] = {**_HEADERS, **signed.headers}
        content = None
        if signed.json is not None:
            content = json.dumps(signed.json, ensure_ascii=False, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        built = httpx.Request(
            signed.method, url, headers=headers, content=content, extensions={"timeout": timeout}
        )
        return built, _Begin(request.url, self._monotonic() + request.timeout)

    def _body(self, response: httpx.Response, begin: _Begin) -> _Body:
        return _Body(response, self._limit, begin.ends, self._monotonic)


class _Begin:
    """The start of an exchange: its address without credentials, and when it must be over."""

    __slots__ = ("ends", "host", "url")

    def __init__(self, url: str, ends: float) -> None:
        self.url = url
        self.ends = ends
        self.host = urlsplit(url).hostname or url

    def answer(self, response: httpx.Response, body: bytes) -> Answer:
        """Return what came back, as plans know it."""
        headers: Mapping[str, str] = {k.lower(): v for k, v in response.headers.items()}
        return Answer(response.status_code, headers, body, self.url)


class SyncDriver(_Driver):
    """Runs plans, blocking; safe to use from several threads.

    Args:
        transport: sends the requests; closed with the driver.
        sign: adds credentials to a request.
        max_body_bytes: the largest answer that is read.
        sleep: waits for seconds.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        *,
        sign: Sign,
        max_body_bytes: int,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(sign, max_body_bytes, monotonic)
        self._transport = transport
        self._sleep = sleep

    def run(self, plan: Plan[T]) -> T:
        """Run a plan to its end and return its result.

        Raises:
            StoreError: as the plan does.
        """
        try:
            step = next(plan)
            while True:
                if isinstance(step, Pause):
                    self._sleep(step.seconds)
                    step = plan.send(None)
                    continue
                try:
                    answer = self._exchange(step)
                except StoreError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            plan.close()

    def _exchange(self, request: Request) -> Answer:
        built, begin = self._prepare(request)
        try:
            response = self._transport.handle_request(built)
            try:
                body = self._body(response, begin)
                for chunk in response.iter_raw():
                    body.add(chunk)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transport_error(error, begin.host) from error
        return begin.answer(response, body.whole())

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class AsyncDriver(_Driver):
    """Runs plans in an asyncio event loop.

    Args:
        transport: sends the requests; closed with the driver.
        sign: adds credentials to a request.
        max_body_bytes: the largest answer that is read.
        sleep: waits for seconds.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        sign: Sign,
        max_body_bytes: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(sign, max_body_bytes, monotonic)
        self._transport = transport
        self._sleep = sleep

    async def run(self, plan: Plan[T]) -> T:
        """Run a plan to its end and return its result.

        Raises:
            StoreError: as the plan does.
        """
        try:
            step = next(plan)
            while True:
                if isinstance(step, Pause):
                    await self._sleep(step.seconds)
                    step = plan.send(None)
                    continue
                try:
                    answer = await self._exchange(step)
                except StoreError as error:
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            plan.close()

    async def _exchange(self, request: Request) -> Answer:
        built, begin = self._prepare(request)
        try:
            async with asyncio.timeout(request.timeout):
                response = await self._transport.handle_async_request(built)
                try:
                    body = self._body(response, begin)
                    async for chunk in response.aiter_raw():
                        body.add(chunk)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            message = f"{begin.host} did not answer in time"
            raise TransportError("timeout", message, sent=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transport_error(error, begin.host) from error
        return begin.answer(response, body.whole())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
