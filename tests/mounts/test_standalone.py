"""The stand-alone server: where it listens, how much it bears, how it ends."""

from __future__ import annotations

import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from store_exporter.mounts import MetricsServer, serve_metrics
from tests.metrics.exposition import examples


@pytest.fixture(scope="module")
def server() -> Iterator[MetricsServer]:
    server = serve_metrics(0, source=examples.Source())
    yield server
    server.close()


def get(port: int, path: str = "/metrics", host: str = "127.0.0.1") -> bytes:
    with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=60) as response:
        body: bytes = response.read()
        return body


def answers(connection: socket.socket, request: bytes) -> bytes:
    """Send raw bytes and read until the server closes."""
    connection.sendall(request)
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def test_it_listens_on_this_machine_only(server: MetricsServer) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), 1)


def test_other_paths_are_not_found(server: MetricsServer) -> None:
    for path in ("/", "/metrics/", "/metricsx"):
        with pytest.raises(urllib.error.HTTPError) as error:
            get(server.port, path)
        assert error.value.code == 404
        error.value.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"HUNTER2 / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"hunter2\r\n\r\n",
        b"GET / HTTP/9.9hunter2\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: hunter2\r\n" * 200 + b"\r\n",
        b"GET /hunter2" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_the_response_to_an_invalid_request_is_plain_text_that_does_not_repeat_it(
    server: MetricsServer, request_: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        head, _, body = answers(connection, request_).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    assert body.decode() == f"{status.removeprefix('HTTP/1.1 ')}\n"
    assert "Content-Type: text/plain; charset=utf-8" in headers
    assert b"hunter2" not in head.lower() + body.lower()


def test_a_query_does_not_matter(server: MetricsServer) -> None:
    assert get(server.port, "/metrics?debug=1") == get(server.port)


def test_the_path_can_be_chosen() -> None:
    server = serve_metrics(0, path="/internal/metrics", source=examples.Source())
    try:
        assert get(server.port, "/internal/metrics").startswith(b"# HELP")
    finally:
        server.close()


def test_it_listens_on_ipv6_if_configured() -> None:
    try:
        server = serve_metrics(0, "::1", source=examples.Source())
    except OSError:
        pytest.skip("this machine has no IPv6")
    try:
        assert get(server.port, host="[::1]").startswith(b"# HELP")
    finally:
        server.close()


def test_of_several_ports_the_first_free_one_is_taken(server: MetricsServer) -> None:
    other = serve_metrics([server.port, 0], source=examples.Source())
    try:
        assert other.port not in (0, server.port)
        assert get(other.port) == get(server.port)
    finally:
        other.close()


def test_a_taken_port_is_an_error(server: MetricsServer) -> None:
    with pytest.raises(OSError, match=rf"in use: port {server.port} of 127\.0\.0\.1"):
        serve_metrics(server.port)
    with pytest.raises(OSError, match=rf"in use: port {server.port} or {server.port} of"):
        serve_metrics([server.port] * 2)
    with pytest.raises(OSError, match="port is missing"):
        serve_metrics([])


def test_after_closing_the_port_is_free() -> None:
    server = serve_metrics(0, source=examples.Source())
    server.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), 1)


def test_one_connection_serves_many_requests(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
        received = answers(connection, request + b"\r\n" + request + b"Connection: close\r\n\r\n")
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_a_request_with_a_body_ends_its_connection(server: MetricsServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        received = answers(
            connection,
            b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n"
            b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        )
    assert received.startswith(b"HTTP/1.1 405")
    assert received.count(b"HTTP/1.1") == 1


def test_too_many_connections_are_turned_away_and_later_ones_served(
    server: MetricsServer,
) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(16)]
    try:
        with socket.create_connection(("127.0.0.1", server.port), 10) as surplus:
            assert surplus.recv(1) == b""
    finally:
        for connection in idle:
            connection.close()
    # The places come back as each thread notices that its client has gone.
    while True:
        try:
            assert get(server.port).startswith(b"# HELP")
            break
        except (ConnectionError, urllib.error.URLError):
            continue


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="warns of forks beside threads")
def test_a_forked_child_lets_go_of_the_port() -> None:
    server = serve_metrics(0, source=examples.Source())
    gate, opened = os.pipe()
    child = os.fork()
    if not child:
        os.read(gate, 1)
        os._exit(0)
    try:
        server.close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), 1)
    finally:
        os.write(opened, b"x")
        os.waitpid(child, 0)
        os.close(gate)
        os.close(opened)
