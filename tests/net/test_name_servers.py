"""A machine without a name server is no store's fault."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.net import name_servers
from store_exporter.net.failures import transport_error
from store_exporter.net.names import Names
from tests.net.no_names import unresolved

resolve = name_servers.resolve
"""The real one, of which the other tests know nothing."""


class NameServer(asyncio.DatagramProtocol):
    """Responds to every question with a code; None keeps silent."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        self.asked: list[bytes] = []
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked.append(data)
        if self.code is not None:
            self.transport.sendto(b"?", addr)
            self.transport.sendto(b"??" + data[2:], addr)
            number = struct.unpack_from(">H", data)[0]
            flags = struct.pack(">HH", number, 0x8180 | self.code)
            self.transport.sendto(flags + data[4:], addr)


@asynccontextmanager
async def serving(code: int | None) -> AsyncIterator[tuple[NameServer, int]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(code), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def listing(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "resolv.conf"
    path.write_text("\n".join(("# the provider's", "search example.com", *lines, "")))
    return str(path)


@pytest.mark.parametrize(("code", "works"), [(0, True), (3, True), (5, True), (2, False)])
async def test_a_name_server_works_that_responds_with_more_than_that_it_failed(
    code: int, works: bool, tmp_path: Path
) -> None:
    async with serving(code) as (server, port):
        assert await resolve(listing(tmp_path, "nameserver 127.0.0.1"), port) is works
    assert len(server.asked) == 1


async def test_one_of_several_name_servers_is_enough(tmp_path: Path) -> None:
    dead = [f"nameserver 127.0.0.{number}" for number in (9, 8)]
    async with serving(0) as (_, port):
        assert await resolve(listing(tmp_path, *dead, "nameserver 127.0.0.1"), port)
        assert not await resolve(listing(tmp_path, *dead, "nameserver nonsense"), port)


async def test_a_name_server_that_keeps_silent_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_servers, "_SECONDS", 0.05)
    async with serving(None) as (_, port):
        assert not await resolve(listing(tmp_path, "nameserver 127.0.0.1"), port)


async def test_nothing_is_known_where_no_name_server_is_listed(tmp_path: Path) -> None:
    assert await resolve(str(tmp_path / "missing"))
    assert await resolve(listing(tmp_path))


async def test_the_question_is_one_that_a_resolver_understands(tmp_path: Path) -> None:
    async with serving(0) as (server, port):
        await resolve(listing(tmp_path, "nameserver 127.0.0.1"), port)
    _, flags, *counts = struct.unpack_from(">HHHHHH", server.asked[0])
    labels = b"".join(bytes([len(one)]) + one for one in b"1.0.0.127.in-addr.arpa".split(b"."))
    assert (flags, counts) == (0x0100, [1, 0, 0, 0])
    assert server.asked[0][12:] == labels + b"\0" + struct.pack(">HH", 12, 1)


async def _dead() -> bool:
    return False


@pytest.mark.parametrize(("dead", "kind"), [(True, "local_failure"), (False, "dns")])
async def test_a_store_is_blamed_for_its_name_only_where_others_would_be_found(
    dead: bool, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if dead:
        monkeypatch.setattr(name_servers, "resolve", _dead)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - what it means is examined
        await Names(unresolved).addresses("shop.example.com", 443)
    failure = transport_error(caught.value, "shop.example.com")
    assert failure is not None
    assert failure.error_type == kind
    assert ("its own name servers do not respond" in failure.message) is dead


async def test_a_look_up_without_an_end_is_given_up_where_no_name_server_responds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(name_servers, "resolve", _dead)
    ends = threading.Event()
    names = Names(lambda *_, **__: ends.wait(), patience=0.01)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="own name servers"):
        await names.addresses("shop.example.com", 443)
    ends.set()


async def test_a_look_up_that_ends_while_the_name_servers_are_examined_has_the_last_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    examined = threading.Event()

    def lookup(host: str, port: int, **_: object) -> Any:
        examined.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]

    names = Names(lookup, patience=0.01)

    async def lost() -> bool:
        examined.set()
        # Whoever wants the same name later waits for the same look-up, and for nothing else.
        names._patience = 60.0
        await names.addresses("shop.example.com", 443)
        return False

    monkeypatch.setattr(name_servers, "resolve", lost)
    (found,) = await names.addresses("shop.example.com", 443)
    assert found.host == "192.0.2.1"


async def test_the_name_servers_are_examined_once_for_all_look_ups_that_fail_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with serving(2) as (server, port):
        file = listing(tmp_path, "nameserver 127.0.0.1")
        monkeypatch.setattr(name_servers, "resolve", lambda: resolve(file, port))
        together = threading.Barrier(20)
        names = Names(lambda *_, **__: together.wait() + unresolved())
        failed = await asyncio.gather(
            *(names.addresses(f"{number}.example.com", 443) for number in range(20)),
            return_exceptions=True,
        )
    assert all("own name servers" in str(error) for error in failed)
    assert len(server.asked) < 20


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104 - nothing is bound to it
async def test_a_name_that_a_filter_blocks_leads_nowhere(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def lookup(host: str, port: int, **_: object) -> Any:
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    with pytest.raises(StoreError, match="a DNS filter may block it") as caught:
        await Names(lookup).addresses("shop.example.com", 443)
    assert caught.value.error_type == "dns"
    assert (await Names(lookup).addresses(address, 443))[0].host == address
