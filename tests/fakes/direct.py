"""Simulated stores of any platform for tests, without a socket for speed; `serving` has sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from store_demo.stores.faults import Fault
from store_demo.stores.serving import Incoming, SimulatedServer, finished

Json = Any


class DirectTransport(httpx.BaseTransport):
    """Hands requests to a simulated store without a socket, faults included.

    A dropped or cut connection raises what httpx' own transport raises then.
    """

    def __init__(self, store: SimulatedServer) -> None:
        self.store = store

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.store.requests.append((request.method, request.url.raw_path.decode()))
        fault = self.store.faults.next(request.method, path)
        if fault is not None and fault.drop:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        incoming = Incoming(
            request.method,
            path,
            dict(parse_qsl(request.url.query.decode(), keep_blank_values=True)),
            {name.lower(): value for name, value in request.headers.items()},
            request.read(),
            request.url.scheme,
            request.url.netloc.decode(),
        )
        status, headers, body = finished(self.store.respond(incoming), fault)
        if fault is not None and fault.truncate is not None:
            return httpx.Response(status, headers=headers, stream=_Cut(body[: fault.truncate]))
        return httpx.Response(status, headers=headers, content=body)


class _Cut(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")


def answering(
    body: bytes | str,
    *,
    path: str = "*",
    status: int | None = None,
    content_type: str = "application/json; charset=UTF-8",
    headers: Mapping[str, str] | None = None,
    times: int | None = None,
) -> Fault:
    """Return a fault that answers with a body of the test's own."""
    return Fault(
        path=path,
        status=status,
        body=body,
        content_type=content_type,
        headers=headers or {},
        times=times,
    )


def changing(path: str, change: Callable[[Json], Json]) -> Fault:
    """Return a fault that changes the store's own JSON."""
    return Fault(path=path, change=change)
