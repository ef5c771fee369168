"""A server that chooses a slow key exchange is refused before it costs anything."""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.net import tls
from store_exporter.net.failures import transport_error
from store_exporter.net.key_exchange import CheckedContext, asks_for_finite_field
from tests.fakes import bad_server


class Client:
    """A client without a socket, whose handshake has begun."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._connection = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname="shop.example"
        )
        self.receive(b"")

    def receive(self, data: bytes) -> None:
        self._incoming.write(data)
        with suppress(ssl.SSLWantReadError):
            self._connection.do_handshake()

    def receive_slowly(self, data: bytes) -> None:
        for byte in data:
            self.receive(bytes([byte]))

    def first_response(self, group: str) -> bytes:
        """Return what OpenSSL's server responds first, if it accepts this group only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ecdh_curve(group)
        bad_server.Authority().ca.issue_cert("shop.example").configure_cert(context)
        outgoing = ssl.MemoryBIO()
        server = context.wrap_bio(self._outgoing, outgoing, server_side=True)
        with suppress(ssl.SSLWantReadError):
            server.do_handshake()
        return outgoing.read()


def first_response(group: str) -> bytes:
    return Client(ssl.create_default_context()).first_response(group)


@pytest.fixture(scope="module")
def slow() -> bytes:
    return first_response("ffdhe8192")


def test_a_finite_field_group_is_recognised_as_soon_as_it_is_whole(slow: bytes) -> None:
    end = next(n for n in range(len(slow) + 1) if asks_for_finite_field(slow[:n]) is not None)
    assert asks_for_finite_field(slow[:end]) is True
    assert asks_for_finite_field(slow) is True
    # One record for each byte, as a server may send them.
    message = slow[5 : 5 + int.from_bytes(slow[3:5], "big")]
    assert asks_for_finite_field(b"".join(b"\x16\x03\x03\0\x01%c" % byte for byte in message))


@pytest.mark.parametrize("group", ["X25519", "prime256v1", "secp384r1"])
def test_the_groups_of_browsers_are_none(group: str) -> None:
    assert asks_for_finite_field(first_response(group)) is False


@given(st.binary(max_size=120), st.integers(0, 200), st.integers(0, 255))
def test_any_bytes_are_judged(slow: bytes, data: bytes, place: int, byte: int) -> None:
    assert asks_for_finite_field(data) in (None, False)
    damaged = bytearray(slow)
    damaged[place % len(slow)] = byte
    assert asks_for_finite_field(bytes(damaged)) in (None, False, True)


async def test_probes_refuse_it_at_once_and_accept_what_browsers_accept(tmp_path: Path) -> None:
    authority = bad_server.Authority()
    context = tls.context(authority.write(tmp_path / "ca.pem"))
    for group, accepted in (("ffdhe8192", False), ("secp384r1", True)):
        own = authority.context()
        own.set_ecdh_curve(group)
        async with (
            bad_server.serving(bad_server.answer(), tls=own) as server,
            aiohttp.ClientSession() as session,
        ):
            used = time.thread_time()
            if accepted:
                async with session.get(server.url, ssl=context) as response:
                    assert response.status == 200
                continue
            with pytest.raises(aiohttp.ClientConnectorError, match="finite-field"):
                await session.get(server.url, ssl=context)
            # The server has its part in this, which is none until a client sends its key.
            assert time.thread_time() - used < 0.1
            port = server.port
            assert await tls.presented_expiry("127.0.0.1", port, "127.0.0.1") is None


def test_a_choice_that_arrives_byte_by_byte_is_refused() -> None:
    client = Client(tls.like_browsers(CheckedContext(ssl.PROTOCOL_TLS_CLIENT)))
    flight = client.first_response("ffdhe8192")
    with pytest.raises(ssl.SSLError, match="finite-field") as caught:
        client.receive_slowly(flight)
    found = transport_error(caught.value, "shop.example", sent=False, secure=True)
    assert found is not None
    assert found.error_type == "tls"
    assert found.message.startswith(
        "the TLS handshake with shop.example failed: the server asks for a finite-field key"
    )
