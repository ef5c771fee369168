"""What the server says, and does not say, of requests that went wrong on the other side."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from store_demo.ports import free_ports
from store_exporter.server.process.listen import listening
from store_exporter.server.security.safety import HEADERS, guard
from tests.server.support import configuration, exporting


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
async def test_a_request_that_is_none_is_reported_at_debug_without_its_bytes(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with listening(web.Application(), [("127.0.0.1", 0)]) as (url,):
        reader, writer = await connect(url, b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
    told = [record for record in caplog.records if record.getMessage() == "this was no request"]
    assert [(record.levelname, record.exc_info) for record in told] == [("DEBUG", None)]
    assert "cHJvbTpodW50ZXIy" not in "".join(str(vars(record)) for record in caplog.records)


HEAD = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
NO_REQUESTS = {
    "an unknown method": b"HUNTER2 /hunter2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in small letters": b"get /hunter2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method that nothing here takes": b"PROPFIND /hunter2" + HEAD + b"\r\n",
    "an unknown path": b"GET /hunter2" + HEAD + b"\r\n",
    "no path": b"CONNECT hunter2:443" + HEAD + b"\r\n",
    "a path that is none": b"GET http://[hunter2" + HEAD + b"\r\n",
    "a path in UTF-8": b"GET /\xe2\x80\xaehunter2" + HEAD + b"\r\n",
    "a protocol of the future": b"GET /hunter2 HTTP/9.9\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01hunter2\r\n\r\n",
    "a long header": b"GET /" + HEAD + b"X: " + b"hunter2" * 2000 + b"\r\n\r\n",
    "many headers": b"GET /" + HEAD + b"X: hunter2\r\n" * 200 + b"\r\n",
    "a wish that nobody fulfils": b"GET /" + HEAD + b"Expect: hunter2\r\n\r\n",
    "two lengths": b"GET /" + HEAD + b"Content-Length: 5\r\nTransfer-Encoding: hunter2\r\n\r\n",
    "a bad body": b"POST /-/x" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nhunter2\r\n",
}


@pytest.mark.parametrize("name", NO_REQUESTS)
async def test_any_bytes_get_a_response_that_does_not_repeat_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level("DEBUG")
    async with exporting(tmp_path, configuration()) as running:
        reader, writer = await connect(running.url, NO_REQUESTS[name])
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert 400 <= int(status.split()[1]) < 500
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert body == f"{status.split(' ', 1)[1]}\n".encode()
    assert "hunter2" not in head.decode()
    kept = [record for record in caplog.records if record.name != "store_exporter.access"]
    assert "hunter2" not in "".join(str(vars(record)) for record in kept).lower()
    assert {record.levelname for record in caplog.records} <= {"DEBUG"}


async def test_a_truncated_body_is_logged_at_debug_without_its_bytes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "store_exporter.server")
    head = b"POST /-/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with exporting(tmp_path, configuration()) as running:
        reader, writer = await connect(running.url, head)
        assert b" 404 " in await reader.readline()
        writer.write(b"hunter2\r\n")
        await reader.read()
        writer.close()
    assert "hunter2" not in "".join(str(vars(record)) for record in caplog.records)
    assert {record.levelname for record in caplog.records} <= {"DEBUG"}


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


async def test_who_hangs_up_before_the_response_causes_no_error(
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


async def test_no_socket_stays_open_if_another_address_of_the_host_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Other tests use no such address, and systems give no such port away.
    own, (port,) = "127.0.0.3", free_ports(1)

    # A name with two addresses is a matter of the machine's name service; the sockets are real.
    def two(*_: object, **__: object) -> list[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in (own, "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(OSError, match=f"^two.example:{port} cannot be listened on: "):
            async with listening(web.Application(), [("two.example", port)]):
                pass
        monkeypatch.undo()
        # The first address is free again.
        socket.create_server((own, port)).close()
