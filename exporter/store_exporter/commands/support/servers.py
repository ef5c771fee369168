"""Requests of commands to servers, with limits, and messages about failed requests.

Any program may listen at an address. So responses have limits on time and on bytes, before and
after decompression, and may have any form and any characters.
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
from ...net.httpx_wire import watch
from ...net.plans import USER_AGENT
from ...net.redactor import Redactor
from .. import CommandError

_SECONDS = 30.0
"""Maximum seconds from a request to the end of its response."""
_MOST_BYTES = 64 * 2**20
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
_HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPTED}
_NEVER_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, UnicodeError)

printable = Redactor()
"""Masks passwords in a server's texts, and escapes characters that would control the terminal."""


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
    """Return a client whose requests take paths of one server; use it within `asking`.

    User and password are those of the address, unless `auth` is given. Like the rest of the
    exporter, it uses no proxies of the environment.
    """
    return httpx.Client(
        base_url=url, auth=auth, headers=_HEADERS, timeout=_SECONDS, transport=_Limited()
    )


@contextmanager
def asking(url: str, server: str, option: str) -> Iterator[None]:
    """Convert exceptions of requests, and of reading their responses, to errors of the command.

    Args:
        url: the server's address.
        server: the name of the expected server, such as `Alertmanager`.
        option: the command-line flag that sets the address.

    Raises:
        CommandError: the server cannot be reached, does not respond, or is another one.
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
    """Return the JSON document of a response; None if it is no JSON, or nested too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None
