"""Both drivers, against real sockets."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Pause, Plan, Request, Step, TransportError
from store_exporter.platforms.kit.client.drivers import (
    AsyncDriver,
    SyncDriver,
    environment_proxy,
    tls_context,
)
from tests.fakes.bad_server import bomb
from tests.fakes.sockets import OK, scripted

LIMIT = 1000


def once(request: Request) -> Plan[Response]:
    answer = yield request
    assert answer is not None
    return answer


def unsigned(request: Request) -> Request:
    return request


def run(plan: Plan[Response], kind: str, verify: ssl.SSLContext | bool = False) -> Response:
    if kind == "blocking":
        driver = SyncDriver(httpx.HTTPTransport(verify=verify), sign=unsigned, max_body_bytes=LIMIT)
        try:
            return driver.run(plan)
        finally:
            driver.close()

    async def main() -> Response:
        driver = AsyncDriver(
            httpx.AsyncHTTPTransport(verify=verify), sign=unsigned, max_body_bytes=LIMIT
        )
        try:
            return await driver.run(plan)
        finally:
            await driver.aclose()

    return asyncio.run(main())


@pytest.fixture(params=["blocking", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def get(port: int, timeout: float = 5.0, scheme: str = "http", host: str = "127.0.0.1") -> Request:
    return Request("GET", f"{scheme}://{host}:{port}/wp-json/", timeout=timeout)


def failure(
    plan: Plan[Response], kind: str, verify: ssl.SSLContext | bool = False
) -> TransportError:
    with pytest.raises(StoreError) as caught:
        run(plan, kind, verify)
    return caught.value  # type: ignore[return-value]


def response(body: bytes, head: bytes = b"", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (size, head, body)


def test_a_response_has_status_headers_and_body(kind: str) -> None:
    with scripted(response(b'{"a": 1}', b"X-WP-Total: 3\r\n")) as server:
        answer = run(once(get(server.port)), kind)
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.headers["x-wp-total"] == "3"


def test_a_request_says_who_we_are_and_sends_parameters_as_signatures_count_them(kind: str) -> None:
    with scripted(OK) as server:
        request = replace(get(server.port), params={"search": "a b+c&d=ü", "page": "1"})
        run(once(request), kind)
    head = server.received[0].decode()
    assert head.startswith("GET /wp-json/?search=a%20b%2Bc%26d%3D%C3%BC&page=1 HTTP/1.1\r\n")
    assert "user-agent: store-exporter/" in head.lower()


def test_a_body_is_json(kind: str) -> None:
    with scripted(OK) as server:
        url = f"http://127.0.0.1:{server.port}/cart"
        run(once(Request("POST", url, json={"name": "ü\ud800"})), kind)
    head, _, body = server.received[0].partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    assert body == b'{"name": "\\u00fc\\ud800"}'


def test_gzip_is_read(kind: str) -> None:
    with scripted(response(gzip.compress(b'{"a": 1}'), b"Content-Encoding: gzip\r\n")) as server:
        assert run(once(get(server.port)), kind).body == b'{"a": 1}'


def test_a_bomb_is_not_unpacked(kind: str) -> None:
    with scripted(response(bomb()[: LIMIT - 10], b"Content-Encoding: gzip\r\n")) as server:
        error = failure(once(get(server.port)), kind)
    assert error.error_type == "response_too_large"


def test_a_body_beyond_the_limit_is_not_read(kind: str) -> None:
    with scripted(response(b"0" * (LIMIT + 1), length=10**9)) as server:
        error = failure(once(get(server.port)), kind)
    assert error.error_type == "response_too_large"


@pytest.mark.parametrize("coding", [b"br", b"deflate", b"gzip"])
def test_a_compression_that_cannot_be_read_is_an_error(kind: str, coding: bytes) -> None:
    with scripted(response(b"\x00\x01", b"Content-Encoding: %s\r\n" % coding)) as server:
        error = failure(once(get(server.port)), kind)
    assert error.error_type == "invalid_response"


def test_a_connection_that_ends_early_may_have_delivered_the_request(kind: str) -> None:
    for cut in (b"", b"HTTP/1.1 200 OK\r\n", response(b"{}", length=50)):
        with scripted(cut) as server:
            error = failure(once(get(server.port)), kind)
        assert (error.error_type, error.sent) == ("connection", True)


def test_what_does_not_speak_http_is_an_invalid_response(kind: str) -> None:
    with scripted(b"SSH-2.0-OpenSSH_9.9\r\n") as server:
        assert failure(once(get(server.port)), kind).error_type == "invalid_response"


def test_nobody_listening_means_that_nothing_was_sent(kind: str) -> None:
    with scripted() as server:
        port = server.port
    error = failure(once(get(port)), kind)
    assert (error.error_type, error.sent) == ("connection", False)


def test_an_unknown_name_is_distinguished_from_a_failed_connection(kind: str) -> None:
    error = failure(once(get(80, host="no-such-host.invalid")), kind)
    assert (error.error_type, error.sent) == ("dns", False)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_store_that_hangs_is_a_timeout(kind: str, begun: bytes) -> None:
    with scripted(begun, hold=True) as server:
        error = failure(once(get(server.port, timeout=0.5)), kind)
    assert (error.error_type, error.sent) == ("timeout", True)


def test_a_certificate_that_nobody_here_trusts_is_the_configurations(
    kind: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    with scripted(OK, OK, tls=server_side) as server:
        request = get(server.port, scheme="https")
        error = failure(once(request), kind, tls_context(None))
        assert error.error_type == "tls_untrusted"
        pem = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(pem)
        assert run(once(request), kind, tls_context(str(pem))).body == b"{}"


def test_a_certificate_for_another_name_is_the_stores(kind: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(server_side)
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    with scripted(OK, tls=server_side) as server:
        request = get(server.port, scheme="https")
        error = failure(once(request), kind, tls_context(str(pem)))
    assert error.error_type == "tls"
    assert "127.0.0.1" in error.message


def test_a_certificate_whose_only_name_is_its_subjects_is_for_nobody(
    kind: str, tmp_path: Path
) -> None:
    """Browsers refuse it, so that no visitor sees the shop."""
    authority = trustme.CA()
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(common_name="localhost").configure_cert(server_side)
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    with scripted(OK, tls=server_side) as server:
        request = get(server.port, scheme="https", host="localhost")
        assert failure(once(request), kind, tls_context(str(pem))).error_type == "tls"


def test_no_tls_where_tls_is_wanted_is_a_tls_error(kind: str) -> None:
    with scripted(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        request = get(server.port, scheme="https")
        assert failure(once(request), kind, tls_context(None)).error_type == "tls"


def test_a_cookie_is_not_sent_back_lest_shoppers_share_a_cart() -> None:
    answers = (response(b"{}", b"Set-Cookie: session=1; Path=/\r\nConnection: close\r\n"), OK)

    def twice(request: Request) -> Generator[Step, Response | None, Response]:
        yield request
        answer = yield request
        assert answer is not None
        return answer

    with scripted(*answers) as server:
        run(twice(get(server.port)), "blocking")
    assert b"cookie" not in server.received[1].lower()


def test_nobody_logs_a_signature(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), scripted(OK) as server:
        run(once(replace(get(server.port), params={"oauth_signature": "secret"})), kind)
    assert "secret" not in caplog.text


def test_an_error_of_the_plan_itself_passes_and_closes_it(kind: str) -> None:
    ended = []

    def broken() -> Generator[Step, Response | None, Response]:
        try:
            yield Pause(0)
            raise KeyError("bug")
        finally:
            ended.append(True)

    with pytest.raises(KeyError):
        run(broken(), kind)
    assert ended == [True]


def test_cancelling_closes_the_plan() -> None:
    ended = []

    def endless() -> Generator[Step, Response | None, Response]:
        try:
            while True:
                yield Pause(3600)
        finally:
            ended.append(True)

    async def main() -> None:
        driver = AsyncDriver(httpx.AsyncHTTPTransport(), sign=unsigned, max_body_bytes=1)
        task = asyncio.ensure_future(driver.run(endless()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await driver.aclose()

    asyncio.run(main())
    assert ended == [True]


def test_the_environments_proxy_is_used_except_where_it_says_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "internal.example")
    assert environment_proxy("https://shop.example.com/") == "http://proxy.example:3128"
    assert environment_proxy("https://internal.example/") is None
    monkeypatch.delenv("https_proxy")
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert environment_proxy("https://shop.example.com/") is None
