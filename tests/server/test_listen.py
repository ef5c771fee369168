"""What the server says, and does not say, of requests that went wrong on the other side."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from store_exporter.server.listen import listening
from store_exporter.server.safety import guard


async def connect(url: str, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    writer.write(data)
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize(
    "line",
    [
        b"Authorization: Basic cHJvbTpodW50ZXIy\0",
        b"Authorization: Basic cHJvbTpodW50ZXIy" + b"a" * 9000,
        b"Authorization Basic cHJvbTpodW50ZXIy",
        b"Content-Length: cHJvbTpodW50ZXIy",
    ],
)
async def test_a_request_that_is_none_is_told_at_debug_without_its_bytes(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with listening(web.Application(), [("127.0.0.1", 0)]) as (url,):
        reader, writer = await connect(url, b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
    told = [record for record in caplog.records if "Error handling" in record.getMessage()]
    assert [(record.levelname, record.exc_info) for record in told] == [("DEBUG", None)]
    assert "cHJvbTpodW50ZXIy" not in caplog.text


async def test_a_failure_of_ours_that_nothing_caught_is_an_error_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: web.Request) -> web.Response:
        raise RuntimeError("with details")

    app = web.Application()
    app.router.add_get("/", broken)
    async with listening(app, [("127.0.0.1", 0)]) as (url,):
        reader, writer = await connect(url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"500"
        writer.close()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "with details" in caplog.text


async def test_who_hangs_up_before_the_answer_causes_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        while request.transport is not None:  # noqa: ASYNC110 - aiohttp has no event for it
            await asyncio.sleep(0)
        try:
            response = web.StreamResponse()
            await response.prepare(request)
            return response
        finally:
            ended.set()

    app = web.Application(middlewares=[guard])
    app.router.add_get("/", slow)
    async with listening(app, [("127.0.0.1", 0)]) as (url,):
        _, writer = await connect(url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await arrived.wait()
        writer.transport.abort()
        await ended.wait()
    assert caplog.records == []
