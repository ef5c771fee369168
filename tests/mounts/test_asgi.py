"""What only the ASGI application does."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from store_exporter.mounts import make_asgi_app
from tests.metrics.exposition import examples


async def ask(scope: dict[str, Any], *received: dict[str, Any]) -> list[dict[str, Any]]:
    """Call the application; return what it sent."""
    messages = iter(received)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await make_asgi_app(examples.Source())(scope, receive, send)  # type: ignore[arg-type]
    return sent


async def test_a_header_given_twice_is_one_list() -> None:
    headers = [(b"Accept", b"image/png"), (b"accept", b"application/openmetrics-text")]
    start, *_ = await ask({"type": "http", "method": "GET", "headers": headers})
    assert dict(start["headers"])[b"content-type"].startswith(b"application/openmetrics-text")


async def test_it_takes_part_in_the_start_and_end_of_its_server() -> None:
    events = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    sent = await ask({"type": "lifespan"}, *events)
    assert sent == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


async def test_websockets_are_refused() -> None:
    with pytest.raises(ValueError, match="served by HTTP, not by websocket"):
        await ask({"type": "websocket"})


def test_starlette_takes_it_for_an_application_and_not_for_a_handler() -> None:
    # Its Route wraps functions and methods, and passes anything else the request as it is.
    app = make_asgi_app()
    assert not inspect.isfunction(app)
    assert not inspect.ismethod(app)
