"""A small application that records one operation per request; test_workers.py serves it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import default

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def record() -> bytes:
    """Record one operation and tell which process did."""
    operation = default().operation("acme", "shop.example.com", "shopify", "get_order")
    operation.start()
    operation.finish(0.1)
    return str(os.getpid()).encode()


def wsgi(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request of gunicorn."""
    body = record()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer one request of uvicorn; push from the application's start to its end."""
    if scope["type"] == "lifespan":
        await receive()
        pusher = start_otlp()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(pusher.shutdown)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": record()})
