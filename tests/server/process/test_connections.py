"""Who may hold a connection, and what becomes of it when there are too many."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from aiohttp import web

from store_demo.ports import free_ports
from store_exporter.server.process import connections, descriptors
from store_exporter.server.process.listen import listening

LIMIT = 4
LARGE = 50_000_000
ASK = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


class Site:
    """A server of few connections whose requests to `/wait` last until they are let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.full = asyncio.Event()
        self._waiting = 0
        self.app = web.Application()
        self.app.router.add_get("/wait", self.wait)
        self.app.router.add_get("/guess", self.guess)
        self.app.router.add_get("/quick", self.quick)
        self.app.router.add_get("/last", self.last)
        self.app.router.add_get("/gone", self.quick, expect_handler=self.gone)

    async def wait(self, _: web.Request) -> web.Response:
        self._waiting += 1
        if self._waiting == LIMIT:
            self.full.set()
        await self.go.wait()
        return web.Response(text="late")

    async def guess(self, request: web.Request) -> web.Response:
        with connections.of(request).may_end():
            return await self.wait(request)

    async def quick(self, _: web.Request) -> web.Response:
        return web.Response(text="quick")

    async def gone(self, request: web.Request) -> None:
        """Respond to `Expect` as aiohttp does, to a client that has just gone."""
        assert request.transport is not None
        request.transport.abort()
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def last(self, request: web.Request) -> web.Response:
        """Answer with more than the system takes at once, and end the connection behind it."""
        assert request.transport is not None
        request.transport.write(b"x" * LARGE)
        request.transport.close()
        return web.Response()


class Client:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, path: bytes) -> None:
        self.writer.write(ASK % path)

    async def answer(self) -> bytes:
        """Return the body of one answer, or nothing when the connection was ended."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        return await self.reader.readexactly(length)

    async def ask(self, path: bytes) -> bytes:
        self.send(path)
        return await self.answer()


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@asynccontextmanager
async def sites(
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[Site, asyncio.Queue[Client], int]]:
    site, made = Site(), asyncio.Queue[Client]()
    give = None if tls is None else lambda: tls
    async with listening(site.app, [("127.0.0.1", 0)], give, limit=LIMIT) as (url,):
        try:
            yield site, made, urlsplit(url).port or 0
        finally:
            site.go.set()
            while not made.empty():
                made.get_nowait().writer.close()


async def connect(port: int, made: asyncio.Queue[Client]) -> Client:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    made.put_nowait(client)
    return client


async def test_a_client_that_keeps_connections_open_does_not_lock_out_others() -> None:
    async with sites() as (_, made, port):
        first = await connect(port, made)
        assert await first.ask(b"quick") == b"quick"
        held = [await connect(port, made) for _ in range(10 * LIMIT)]
        late = await connect(port, made)
        assert await late.ask(b"quick") == b"quick"
        assert await first.ask(b"quick") == b""
        ended = [await client.ask(b"quick") == b"" for client in held]
        # The oldest went first, and those that are left are as many as there may be.
        assert ended == [True] * (10 * LIMIT - LIMIT + 1) + [False] * (LIMIT - 1)


async def test_a_client_that_reads_late_gets_the_end_of_what_it_was_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with sites() as (_, made, port):
        client = await connect(port, made)
        client.send(b"last")
        assert len(await client.reader.read()) == LARGE
        assert await (await connect(port, made)).ask(b"quick") == b"quick"
    gc.collect()
    assert not caplog.records


async def test_a_client_that_does_not_receive_a_response_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "RECEIVE_SECONDS", 0.2)
    asking: asyncio.Queue[connections.ServerConnection] = asyncio.Queue()

    async def respond(request: web.Request) -> web.Response:
        asking.put_nowait(connections.of(request))
        return web.Response(body=bytes(30 * 2**20 if request.path == "/large" else 1))

    app = web.Application()
    app.router.add_get("/", respond)
    app.router.add_get("/large", respond)
    loop = asyncio.get_running_loop()
    async with listening(app, [("127.0.0.1", 0)]) as (url,):
        host, port = urlsplit(url).hostname, urlsplit(url).port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        with closing(socket.socket()) as client:
            client.setblocking(False)
            await loop.sock_connect(client, (host, port))
            await loop.sock_sendall(client, REQUEST.replace(b"/ ", b"/large ", 1))
            async with asyncio.timeout(30):
                idle, slow = await asking.get(), await asking.get()
                await asyncio.shield(slow.lost)
        # The one that received its response, and has been idle for longer, may go on.
        assert not idle.lost.done()
        writer.close()


async def test_a_client_that_does_not_wait_for_continue_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG", "store_exporter")
    async with sites() as (_, made, port):
        client = await connect(port, made)
        client.writer.write(b"GET /gone HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        assert await client.reader.read() == b""
        assert await (await connect(port, made)).ask(b"quick") == b"quick"
    assert [record.getMessage() for record in caplog.records] == ["a client has gone"]


async def test_a_request_under_way_is_never_ended_for_a_new_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with sites() as (site, made, port):
        busy = [await connect(port, made) for _ in range(LIMIT)]
        for client in busy:
            client.send(b"wait")
        await site.full.wait()
        for _ in range(20):
            assert await (await connect(port, made)).ask(b"quick") == b""
        site.go.set()
        assert [await client.answer() for client in busy] == [b"late"] * LIMIT
        # What has been answered makes room again.
        assert await (await connect(port, made)).ask(b"quick") == b"quick"
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["all connections are in use; one more was turned away"]


async def test_who_waits_for_a_password_to_be_checked_gives_way() -> None:
    async with sites() as (site, made, port):
        guessing = [await connect(port, made) for _ in range(LIMIT)]
        for client in guessing:
            client.send(b"guess")
        await site.full.wait()
        assert await (await connect(port, made)).ask(b"quick") == b"quick"
        assert await guessing[0].answer() == b""
        site.go.set()
        assert await guessing[-1].answer() == b"late"


async def test_a_client_that_never_begins_tls_does_not_lock_out_others(tmp_path: Path) -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    async with sites(server) as (_, made, port):
        silent = [await connect(port, made) for _ in range(5 * LIMIT)]
        wrong = await connect(port, made)
        assert await wrong.ask(b"quick") == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        one = Client(reader, writer)
        made.put_nowait(one)
        assert await one.ask(b"quick") == b"quick"
        assert await silent[0].reader.read() == b""


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_a_shortage_is_reported_once_and_then_over(
    number: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_REST_SECONDS", 0.001)
    failures = iter(range(50))

    class Short(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            if next(failures, None) is not None:
                raise OSError(number, "too few")
            return super().accept()

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="quick")

    with closing(Short()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = connections.Connections(web.Server(answer), LIMIT, None)
        server.listen(listener)
        client = Client(*await asyncio.open_connection(*listener.getsockname()))
        assert await client.ask(b"quick") == b"quick"
        client.writer.close()
        server.refuse()
        await server.close()
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["connections cannot be accepted: too few"]


async def test_both_families_are_listened_on_where_no_host_is_given() -> None:
    async with listening(web.Application(), [(None, 0)]) as urls:
        assert [url.rpartition(":")[0] for url in sorted(urls)] == [
            "http://0.0.0.0",
            "http://[::]",
        ]


async def test_of_several_addresses_none_stays_open_when_one_is_taken_and_nothing_starts() -> None:
    starts: list[web.Application] = []

    async def started(app: web.Application) -> None:
        starts.append(app)

    # Other tests use no such address, and systems give no such port away.
    own, (port,) = "127.0.0.4", free_ports(1)
    app = web.Application()
    app.on_startup.append(started)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(OSError, match="in use"):
            async with listening(app, [(own, port), ("127.0.0.1", port)]):
                pass
        # The first address is free again.
        socket.create_server((own, port)).close()
    assert starts == []


@pytest.mark.parametrize("limit", [64, 256, 1024, 4096, 65_536])
def test_the_server_leaves_half_of_the_descriptors_to_what_is_not_a_connection(limit: int) -> None:
    shares = descriptors.shares(limit)
    assert shares.runs + shares.server <= limit / 2
    assert shares.runs + shares.server + shares.lasting <= 3 / 4 * limit
    # Without a connection a serving process has twenty files open; it opens more for a moment.
    assert limit - shares.runs - shares.server - shares.lasting >= 48
    assert min(shares.runs, shares.server, shares.lasting) >= 5


def test_a_connection_to_each_of_ten_thousand_stores_is_kept_with_as_few_as_20000_descriptors() -> (
    None
):
    assert descriptors.shares(20_000).lasting == 10_000
