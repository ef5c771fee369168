"""A Prometheus on a real socket that answers as a test wants: rightly, wrongly, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

LABELS = {"org": "acme", "domain": "a.example", "platform": "woocommerce", "operation": "get_cart"}
HOUR = 3600


def vector(value: str, **labels: str) -> dict[str, Any]:
    """What Prometheus answers with one figure."""
    rows = [{"metric": LABELS | labels, "value": [0, value]}]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}}


def nothing() -> dict[str, Any]:
    """What Prometheus answers without any."""
    return {"status": "success", "data": {"resultType": "vector", "result": []}}


def body(document: object) -> bytes:
    """A document as JSON; Python's NaN and Infinity included, which are none."""
    return json.dumps(document).encode()


def response(content: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole HTTP response, or one that claims another length than it has."""
    length = len(content) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + content


class FakePrometheus:
    """Holds calls of one operation: 200, of which 20 failed, from all of the days asked for.

    Attributes:
        asked: each question with its parameters, by what it is about (see `about`).
        documents: what else to answer, by what is asked.
        raw: bytes to send instead of a response, by what is asked; None is silence.
        go: no answer is given until it is set.
    """

    url = ""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.documents: dict[str, Any] = {}
        self.raw: dict[str, bytes | None] = {}
        self.go = asyncio.Event()
        self.go.set()

    def document(self, about: str, form: Mapping[str, str]) -> Any:
        """The answer to a question."""
        if about in self.documents:
            return self.documents[about]
        if about == "parts":
            start, end, step = (float(form[name]) for name in ("start", "end", "step"))
            times = [start + n * step for n in range(round((end - start) / step) + 1)]
            rows = [{"metric": {}, "values": [[time, "1"] for time in times]}]
            return {"status": "success", "data": {"resultType": "matrix", "result": rows}}
        if about in ("first", "last"):
            rows = [{"metric": {}, "values": [[float(form["end"]), form["end"]]]}]
            return {"status": "success", "data": {"resultType": "matrix", "result": rows}}
        return {
            "total": vector("199.7"),
            "errors": vector("20.1", error_type="timeout"),
            "mean": vector("0.2504"),
        }[about]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().split("content-length: ")[1].split("\r\n")[0]
                form = dict(parse_qsl((await reader.readexactly(int(length))).decode()))
                about = asked_about(form)
                self.asked.append((about, form))
                await self.go.wait()
                if about in self.raw:
                    sent = self.raw[about]
                    if sent is None:
                        await reader.read()
                    else:
                        writer.write(sent)
                        await writer.drain()
                    break
                writer.write(response(body(self.document(about, form))))
        writer.close()


def asked_about(form: Mapping[str, str]) -> str:
    """What a request wants to know."""
    words = {"min(timestamp": "first", "max(timestamp": "last", "errors": "errors"}
    words |= {"_seconds": "mean", "count(count_over": "parts", "": "total"}
    return next(about for word, about in words.items() if word in form["query"])


@asynccontextmanager
async def serving() -> AsyncIterator[FakePrometheus]:
    """Run one until the block ends."""
    fake = FakePrometheus()
    connections: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(fake.serve(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/prom"
    try:
        yield fake
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
