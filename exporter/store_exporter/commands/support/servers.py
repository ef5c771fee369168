"""Servers that commands need: requests with limits, and messages for one that fails or is another.

Anything may listen at an address. So a response is limited in bytes, before and after
decompression, and in time, and it may have any form and any characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from ...errors import StoreError
from ...net import tls
from ...net.body import ACCEPTED, Body
from ...net.httpx_exchange import USER_AGENT
from ...net.httpx_wire import watch
from ...net.redactor import Redactor
from .. import CommandError

_SECONDS = 30.0
"""How long a response may take, from the request to its end."""
_MOST_BYTES = 64 * 2**20
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED}
_NEVER_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, UnicodeError)

printable = Redactor()
"""Masks passwords in what a server sent, and escapes what would control the terminal."""


class _Limited(httpx.BaseTransport):
    """Reads each response as a whole, within the limits."""

    def __init__(self) -> None:
        self._transport = httpx.HTTPTransport(verify=tls.context())
        watch(self._transport)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._transport.handle_request(request)
            try:
                return _whole(response)
            finally:
                response.close()
        except (StoreError, OSError) as error:
            raise httpx.TransportError(str(error), request=request) from error

    def close(self) -> None:
        self._transport.close()


def _whole(response: httpx.Response) -> httpx.Response:
    status = response.status_code
    body = Body(_MOST_BYTES, response.headers.get("Content-Encoding", ""), status)
    for chunk in response.iter_raw():
        body.add(chunk)
    return httpx.Response(status, content=body.whole())


def client(url: str, auth: httpx.Auth | tuple[str, str] | None = None) -> httpx.Client:
    """Return a client of one server that takes paths; to be used within `asking`.

    Proxies of the environment are not used, as nowhere in the exporter.

    Args:
        url: the server's address.
        auth: by default, user and password of the address.
    """
    return httpx.Client(
        base_url=url, auth=auth, headers=_HEADERS, timeout=_SECONDS, transport=_Limited()
    )


@contextmanager
def asking(url: str, server: str, option: str) -> Iterator[None]:
    """Report what goes wrong while a server is requested and its responses are read.

    Args:
        url: the requested address.
        server: what should be there, such as `Alertmanager`.
        option: by which another address is set.

    Raises:
        CommandError: it cannot be reached, does not respond, or is another server than expected.
    """
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        reason = _NUMBER.sub("", str(error)) or type(error).__name__
        if isinstance(error, httpx.TimeoutException):
            reason = f"it took longer than {_SECONDS:g} s"
        advice = f"; does {server} run there? {option} gives another address"
        advice = advice if isinstance(error, _NEVER_REACHED) else ""
        raise CommandError(f"{url}: {printable.line(reason)}{advice}") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        message = f"{url}: the response is not what {server} sends; is this {server}?"
        raise CommandError(message) from error


def json_of(response: httpx.Response) -> Any:
    """Return the JSON document of a response; None where it has none, or one that is too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
