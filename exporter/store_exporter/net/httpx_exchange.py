"""One HTTP exchange over httpx: the request, and the response while it arrives."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from ..contract import Response
from ..errors import ErrorName
from . import head
from .body import Body
from .failures import transport_error
from .marks import GENERIC
from .plans import HEADERS, Request, TransportError, encoded
from .proxy import refuse_own, unreachable

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
)
_UNREACHED: tuple[ErrorName, ...] = ("connection", "dns")
_LONGEST_PHRASE = 80


def httpx_request(signed: Request) -> httpx.Request:
    """Return a request, with its credentials, in the form of httpx' transports."""
    url, own, content = encoded(signed, signed.url)
    headers = {**HEADERS, **own}
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), signed.timeout)
    return httpx.Request(
        signed.method, url, headers=headers, content=content, extensions={"timeout": timeout}
    )


class HttpxExchange:
    """One request and the response to it, while it arrives.

    Args:
        request: the request without credentials, so that the response's address has none.
        limit: the most bytes of the body, before and after decompression.
        monotonic: seconds of a clock that never jumps.
        proxied: whether connections are made to a proxy rather than to the store.
    """

    def __init__(
        self, request: Request, limit: int, monotonic: Callable[[], float], *, proxied: bool = False
    ) -> None:
        self._proxied = proxied
        self._url = request.url
        self._limit = limit
        self._monotonic = monotonic
        self._ends = monotonic() + request.timeout
        self._headers: dict[str, str] = {}
        self.host: str = urlsplit(request.url).hostname or request.url

    def begin(self, response: httpx.Response) -> Body:
        """Return the collector of the body of a response whose head has arrived.

        Raises:
            StoreError: response_too_large or invalid_response, as `head.read` and `Body` say; or
                the error of a proxy's own response, as `refuse_own` says.
        """
        status = response.status_code
        raw, reason = response.headers.raw, response.reason_phrase
        self._headers = head.read(status, raw, response.http_version, reason)
        if self._proxied and self._url.startswith("http:"):
            refuse_own("", self.host, status, self._headers)
        return Body(self._limit, self._headers.get("content-encoding", ""), status)

    def check_time(self) -> None:
        """Give up on a store that sends single bytes slowly; httpx would keep waiting.

        Raises:
            TransportError: timeout.
        """
        if self._monotonic() > self._ends:
            raise TransportError("timeout", f"{self.host} took too long", sent=True)

    def failure(self, error: Exception) -> TransportError | None:
        """Convert an exception; None if the exchange did not fail."""
        sent, secure = not isinstance(error, _NEVER_SENT), self._url.startswith("https:")
        found = transport_error(error, self.host, sent=sent, secure=secure)
        if isinstance(error, httpx.ProxyError) and found is not None:
            said = GENERIC.redact.line(str(error), _LONGEST_PHRASE)
            if found.error_type == "local_failure":
                return unreachable("", self.host, f"opens no tunnel: {said}")
            message = f"the proxy for {self.host} could not reach it: {said}"
            return TransportError(found.error_type, message, sent=False)
        # Connections are made only to the proxy; in a tunnel to the store, only TLS can fail.
        connecting = self._proxied and isinstance(error, httpx.ConnectError)
        if connecting and found is not None and found.error_type in _UNREACHED:
            return unreachable("", self.host, "cannot be reached")
        return found

    def response(self, response: httpx.Response, body: Body) -> Response:
        """Return the received response in the form for plans."""
        return Response(response.status_code, self._headers, body.whole(), self._url)
