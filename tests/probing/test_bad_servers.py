"""What a misbehaving server makes of a request: the right error, in time, and in little memory."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
import tracemalloc
from datetime import UTC, datetime

import pytest
import trustme

from store_exporter.contract import Response
from store_exporter.errors import Fault, StoreError
from store_exporter.net import redirects
from store_exporter.net.plans import Request
from store_exporter.probing.access import Access
from store_exporter.probing.http import StoreHttp
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Store
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, BadServer, Behaviour, serving
from tests.probing.conftest import StoreFactory

DEADLINE = 0.3
LATEST = 20.0
"""Seconds after which a request counts as never ending, on a busy machine."""


async def ask(store: Store, transport: Transport, within: float = LATEST) -> Response:
    return await StoreHttp(store, transport, timeout=within).send(Request("GET", "/wp-json/"))


async def failure(store: Store, transport: Transport, within: float = LATEST) -> StoreError:
    began = time.monotonic()
    with pytest.raises(StoreError) as caught:
        await ask(store, transport, within)
    assert time.monotonic() - began < LATEST
    return caught.value


async def failure_once_connected(
    server: BadServer, store: Store, transport: Transport
) -> StoreError:
    """The failure by a deadline that leaves a busy machine the time to connect."""
    for within in (DEADLINE, 2.0, LATEST / 2):
        error = await failure(store, transport, within)
        if server.connections:
            break
    return error


@pytest.mark.parametrize(
    "behaviour",
    [bad_server.hang, bad_server.hang_in_body, bad_server.drip, bad_server.drip_head],
)
async def test_a_server_that_does_not_come_to_an_end_is_a_timeout(
    behaviour: Behaviour, store: StoreFactory, transport: Transport
) -> None:
    async with serving(behaviour) as server:
        error = await failure(store(server.url), transport, DEADLINE)
    assert (error.error_type, error.fault) == ("timeout", Fault.STORE)


@pytest.mark.parametrize(
    "behaviour", [bad_server.reset, bad_server.reset_in_body, bad_server.close]
)
async def test_a_connection_that_breaks_off_is_a_connection_error(
    behaviour: Behaviour, store: StoreFactory, transport: Transport
) -> None:
    async with serving(behaviour) as server:
        error = await failure(store(server.url), transport)
    assert (error.error_type, error.fault) == ("connection", Fault.STORE)


async def test_a_port_where_nobody_listens_is_a_connection_error(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.close) as server:
        pass
    error = await failure(store(server.url), transport)
    assert error.error_type == "connection"
    assert "refused" in error.message


@pytest.mark.parametrize("name", ["no-such-shop.invalid", f"{'x' * 70}.example.com"])
async def test_a_name_that_does_not_resolve_is_a_dns_error(
    name: str, store: StoreFactory, transport: Transport
) -> None:
    error = await failure(store(f"https://{name}"), transport)
    assert (error.error_type, error.fault) == ("dns", Fault.STORE)


HUGE = 100 * 2**20
TOO_LARGE = {
    "100 MB": bad_server.endless(declared=HUGE),
    "a body without an end": bad_server.endless(),
    "a gzip bomb": bad_server.compressed(bad_server.bomb()),
}


@pytest.mark.parametrize("name", TOO_LARGE)
async def test_a_body_that_is_too_large_stops_at_the_limit(
    name: str, store: StoreFactory, transport: Transport
) -> None:
    behaviour = TOO_LARGE[name]
    async with serving(behaviour) as server:
        tracemalloc.start()
        try:
            error = await failure(store(server.url), transport)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (error.error_type, error.fault) == ("response_too_large", Fault.STORE)
    assert peak < 8 * 2**20, "the memory that client and server took together"


@pytest.mark.parametrize(
    ("beginning", "repeated"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", b"extension"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["interim responses", "an extension of a chunk", "chunks of a byte each"],
)
async def test_what_surrounds_a_body_has_a_limit_as_well(
    beginning: bytes, repeated: bytes, store: StoreFactory, transport: Transport
) -> None:
    async def endless(connection: bad_server.Connection) -> None:
        await connection.send(beginning)
        while True:
            await connection.send(repeated * 1000)

    async with serving(endless) as server:
        error = await failure(store(server.url, max_body_bytes=200_000), transport)
    assert error.error_type == "response_too_large"
    assert "bytes on the wire" in error.message
    assert server.sent < 8 * 2**20


async def test_a_body_as_large_as_the_limit_is_read(
    store: StoreFactory, transport: Transport
) -> None:
    whole = b" " * 100_000
    for body in (bad_server.answer(whole), bad_server.compressed(gzip.compress(whole))):
        async with serving(body) as server:
            assert (await ask(store(server.url), transport)).body == whole


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (bad_server.compressed(gzip.compress(b"x" * 5000)[:-20]), "cut off"),
        (bad_server.compressed(b"this is not gzip"), "broken"),
        (bad_server.compressed(b"\x0b\x02\x80{}", "br"), "'br'"),
    ],
)
async def test_a_body_that_cannot_be_decompressed_is_an_invalid_response(
    behaviour: Behaviour, message: str, store: StoreFactory, transport: Transport
) -> None:
    async with serving(behaviour) as server:
        error = await failure(store(server.url), transport)
    assert error.error_type == "invalid_response"
    assert message in error.message


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 5_000 + b"Content-Length: 0\r\n\r\n",
    ],
    ids=["one long header", "thousands of headers"],
)
async def test_a_head_that_is_too_large_is_refused(
    data: bytes, store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.raw(data)) as server:
        error = await failure(store(server.url), transport)
    assert error.error_type == "response_too_large"


async def test_redirects_without_an_end_are_given_up(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.redirecting(lambda path: f"{path}x")) as server:
        error = await failure(store(server.url), transport)
    assert (error.error_type, error.fault) == ("redirect", Fault.STORE)
    assert len(server.heads) == redirects.MOST + 1


LONG_AGO = datetime(2021, 1, 1)  # noqa: DTZ001 - as trustme wants it


async def test_an_expired_certificate_is_a_tls_error_that_still_shows_the_expiry(
    authority: Authority, store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang, tls=authority.context(not_after=LONG_AGO)) as server:
        http = StoreHttp(store(server.url), transport, timeout=LATEST)
        with pytest.raises(StoreError) as caught:
            await http.send(Request("GET", "/", headers={"Authorization": "Basic secret"}))
    assert (caught.value.error_type, caught.value.fault) == ("tls", Fault.STORE)
    assert "expired" in caught.value.message
    expected = LONG_AGO.replace(tzinfo=UTC).timestamp()
    assert http.journal.certificate_expiry == expected
    assert server.heads == [], "nothing is sent to a server that is not verified"


async def test_a_certificate_for_another_name_is_a_tls_error(
    authority: Authority, store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang, tls=authority.context("other.example.com")) as server:
        error = await failure(store(server.url), transport)
    assert (error.error_type, error.fault) == ("tls", Fault.STORE)


async def test_an_unknown_issuer_is_a_matter_of_configuration(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang, tls=Authority().context()) as server:
        http = StoreHttp(store(server.url), transport, timeout=LATEST)
        with pytest.raises(StoreError) as caught:
            await http.send(Request("GET", "/"))
    assert (caught.value.error_type, caught.value.fault) == ("tls_untrusted", Fault.CONFIG)
    assert http.journal.certificate_expiry is not None


async def test_a_self_signed_certificate_is_a_matter_of_configuration(
    store: StoreFactory, transport: Transport
) -> None:
    # A certificate authority's own certificate is signed by itself.
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with ca.private_key_pem.tempfile() as key, ca.cert_pem.tempfile() as certificate:
        context.load_cert_chain(certificate, key)
    async with serving(bad_server.hang, tls=context) as server:
        error = await failure(store(server.url), transport)
    assert error.error_type == "tls_untrusted"


async def test_a_missing_intermediate_certificate_is_suggested_as_the_cause(
    authority: Authority, store: StoreFactory, transport: Transport
) -> None:
    issued = authority.ca.create_child_ca().issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with issued.private_key_pem.tempfile() as key, issued.cert_chain_pems[0].tempfile() as alone:
        context.load_cert_chain(alone, key)
    async with serving(bad_server.hang, tls=context) as server:
        error = await failure(store(server.url), transport)
    assert error.error_type == "tls_untrusted"
    assert "does the server send its intermediate certificate?" in error.message


async def test_plain_http_on_the_tls_port_is_a_tls_error(
    store: StoreFactory, transport: Transport
) -> None:
    plain = bad_server.raw(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    async with serving(plain, scheme="https", on_connect=True) as server:
        error = await failure(store(server.url), transport)
    assert (error.error_type, error.fault) == ("tls", Fault.STORE)


async def test_a_handshake_that_hangs_is_a_timeout_that_says_so(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang, scheme="https", on_connect=True) as server:
        error = await failure_once_connected(server, store(server.url), transport)
    assert error.error_type == "timeout"
    assert "TLS handshake" in error.message


async def test_tls_without_a_common_version_is_a_tls_error(
    authority: Authority, store: StoreFactory, transport: Transport
) -> None:
    context = authority.context()
    # No cipher that a client of today offers: the server ends the handshake with an alert.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("PSK-AES128-CBC-SHA")
    async with serving(bad_server.hang, tls=context) as server:
        error = await failure(store(server.url), transport)
    assert error.error_type == "tls"


async def test_stores_that_hang_do_not_delay_others(
    store: StoreFactory, transport: Transport
) -> None:
    ended: list[str] = []

    async def run(name: str, url: str) -> None:
        try:
            await ask(store(url, domain=f"{name}.example.com"), transport, 3.0)
        except StoreError as error:
            name += f" {error.error_type}"
        ended.append(name)

    async with (
        serving(bad_server.hang) as hanging,
        serving(bad_server.answer()) as good,
        asyncio.TaskGroup() as group,
    ):
        for number in range(50):
            group.create_task(run(f"bad{number}", hanging.url))
        for number in range(10):
            group.create_task(run(f"good{number}", good.url))
    assert ended[:10] == [f"good{number}" for number in range(10)]
    assert set(ended[10:]) == {f"bad{number} timeout" for number in range(50)}


async def test_a_bad_store_is_still_a_bad_store_when_its_access_is_shared(
    store: StoreFactory, transport: Transport
) -> None:
    async with serving(bad_server.hang) as server:
        one = store(server.url, concurrency=1)
        access = Access(one)
        first, second = (
            StoreHttp(one, transport, access, timeout=1.0).send(Request("GET", "/"))
            for _ in range(2)
        )
        errors = await asyncio.gather(first, second, return_exceptions=True)
    assert [error.error_type for error in errors if isinstance(error, StoreError)] == [
        "timeout",
        "timeout",
    ]
    assert server.connections == 2, "the second got its turn, and its whole time"
