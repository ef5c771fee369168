"""What the HTTP libraries really raise, from servers that really fail, by every library."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from pathlib import Path
from urllib.error import HTTPError

import pytest
import trustme

from store_demo.ports import free_ports
from store_exporter import classify
from tests.fakes.handlers import Handler, handling
from tests.fakes.sockets import OK, scripted
from tests.net.http_libraries import LIBRARIES, PATIENCE, TIMEOUT, Fetch

Context = ssl.SSLContext


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fetch(library: str) -> Fetch:
    return LIBRARIES[library]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> Context:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def raised(
    fetch: Fetch,
    url: str,
    tls: Context | None = None,
    ca_file: str | None = None,
    timeout: float = PATIENCE,
) -> str:
    """Return how what a fetch raises is classified."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the library's choice
        fetch(url, tls, ca_file, timeout)
    if isinstance(caught.value, HTTPError):
        caught.value.close()
    return classify(caught.value)


def answer(status: str, *headers: str, body: bytes = b"{}") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def serving(certificate: trustme.LeafCert) -> Context:
    context = Context(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_a_refused_connection(fetch: Fetch) -> None:
    (port,) = free_ports(1)
    assert raised(fetch, f"http://127.0.0.1:{port}/") == "connection"


def test_a_name_that_does_not_resolve(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert raised(fetch, "http://shop.example.com/") == "dns"


def test_a_server_that_hangs(fetch: Fetch) -> None:
    with scripted(b"", hold=True) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert raised(fetch, url, timeout=TIMEOUT) == "timeout"


def test_a_server_that_hangs_within_the_body(fetch: Fetch) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with scripted(half, hold=True) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert raised(fetch, url, timeout=TIMEOUT) == "timeout"


def test_a_server_that_closes_without_a_response(library: str, fetch: Fetch) -> None:
    # aiohttp tries once more.
    with scripted(*[b""] * (2 if library == "aiohttp" else 1)) as server:
        assert raised(fetch, f"http://127.0.0.1:{server.port}/") == "connection"


def test_a_server_that_closes_within_the_body(fetch: Fetch) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with scripted(half) as server:
        assert raised(fetch, f"http://127.0.0.1:{server.port}/") == "connection"


def test_a_certificate_of_an_unknown_issuer(fetch: Fetch, authority: trustme.CA) -> None:
    with scripted(OK, tls=serving(authority.issue_cert("127.0.0.1"))) as server:
        assert raised(fetch, f"https://127.0.0.1:{server.port}/") == "tls_untrusted"


def test_a_certificate_for_another_name(
    fetch: Fetch, authority: trustme.CA, trusting: Context, ca_file: str
) -> None:
    with scripted(OK, tls=serving(authority.issue_cert("other.example.com"))) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert raised(fetch, url, trusting, ca_file) == "tls"


def test_a_certificate_that_has_expired(
    fetch: Fetch, authority: trustme.CA, trusting: Context, ca_file: str
) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = authority.issue_cert("127.0.0.1", not_after=yesterday)
    with scripted(OK, tls=serving(certificate)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert raised(fetch, url, trusting, ca_file) == "tls"


def test_a_server_that_does_not_speak_tls(fetch: Fetch) -> None:
    with scripted(OK) as server:
        assert raised(fetch, f"https://127.0.0.1:{server.port}/") == "tls"


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        ("400 Bad Request", "invalid_request"),
        ("401 Unauthorized", "unauthorized"),
        ("403 Forbidden", "forbidden"),
        ("404 Not Found", "not_found"),
        ("409 Conflict", "invalid_state"),
        ("429 Too Many Requests", "rate_limited"),
        ("500 Internal Server Error", "server_error"),
        ("503 Service Unavailable", "server_error"),
    ],
)
@pytest.mark.parametrize("library", sorted(LIBRARIES.keys() - {"urllib3"}))  # it does not raise
def test_a_refusing_status(fetch: Fetch, status: str, error_type: str) -> None:
    with scripted(answer(status)) as server:
        assert raised(fetch, f"http://127.0.0.1:{server.port}/") == error_type


@pytest.mark.parametrize("library", ["httpx", "requests"])  # the others keep no body
def test_a_plugin_that_refuses_in_json_is_no_error_of_the_api(fetch: Fetch) -> None:
    body = b'{"code": "maintenance_mode", "message": "We are back soon."}'
    text = answer("503 Service Unavailable", "Content-Type: application/json", body=body)
    with scripted(text) as server:
        assert raised(fetch, f"http://127.0.0.1:{server.port}/") == "maintenance"


def test_redirects_without_an_end(fetch: Fetch) -> None:
    class Further(Handler):
        def respond(self) -> None:
            self.answer(302, headers={"Location": f"{self.path}x"})

    with handling(Further) as address:
        assert raised(fetch, f"{address}/") == "redirect"


def test_a_response_that_is_no_json(fetch: Fetch) -> None:
    text = answer("200 OK", "Content-Type: application/json", body=b"<html>")
    with scripted(text) as server:
        assert raised(fetch, f"http://127.0.0.1:{server.port}/") == "invalid_response"


def test_a_response_that_is_no_http(fetch: Fetch) -> None:
    with scripted(b"SSH-2.0-OpenSSH_9.2\r\n\r\n") as server:
        found = raised(fetch, f"http://127.0.0.1:{server.port}/")
    assert found in {"invalid_response", "connection"}


@pytest.mark.parametrize("library", sorted(LIBRARIES.keys() - {"urllib"}))  # a plain ValueError
def test_an_address_that_is_none(fetch: Fetch) -> None:
    assert raised(fetch, "http://") == "invalid_request"
