"""For programs without a web framework, and for worker processes: a separate port and thread."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Iterable
from functools import cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from ..metrics.families import Source
from ..metrics.scrapers import Scraper, scraper_of
from .connections import is_open
from .response import MetricsRequest, MetricsResponse, plain, respond

# Longer than most scrape intervals, so that Prometheus keeps its connection.
_IDLE_TIMEOUT = 65.0
_MOST_CONNECTIONS = 16


def serve_metrics(
    port: int | Iterable[int] = 9464,
    address: str = "127.0.0.1",
    *,
    path: str = "/metrics",
    source: Source | None = None,
) -> MetricsServer:
    """Serve the metrics from a background thread until the process ends.

    By default it listens on this machine only, because the figures name merchants and their
    revenue; inside a container use `address="0.0.0.0"`. A forked child does not serve.

    Args:
        port: the port; 0 lets the system choose one. Of several ports, the first free one is used,
            so that each worker process gets one of them.
        address: the address to listen on, IPv4 or IPv6.
        path: the path of the metrics; all others respond with 404.
        source: a recorder; by default the process's own.

    Raises:
        OSError: the address cannot be listened on, or none of the ports is free.
    """
    ports = [port] if isinstance(port, int) else list(port)
    return MetricsServer(_listen(address, ports, path, source))


class MetricsServer:
    """A running server, created by `serve_metrics`."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, name="store-exporter-metrics", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """A server with a limited number of connections, each in a separate thread."""

    daemon_threads = True
    # A port that another process listens on must count as taken, so nothing is shared.
    allow_reuse_port = False
    request_queue_size = 2 * _MOST_CONNECTIONS

    def __init__(self, address: str, port: int, path: str, source: Source | None) -> None:
        is_ipv6 = ":" in address
        self.address_family: socket.AddressFamily = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        self._address = address
        self.path = path
        self.source = source
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__((address, port), _Handler)
        _servers.add(self)
        _close_after_fork()

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which may take seconds."""
        TCPServer.server_bind(self)
        self.server_name: str = self._address
        self.server_port: int = self.socket.getsockname()[1]

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002
        """Refuse a connection if too many are open."""
        return self._free.acquire(blocking=False)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Handle a connection and release its slot."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: errors here come from clients that closed the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_TIMEOUT
    server_version = "store-exporter"
    sys_version = ""

    def do_GET(self) -> None:
        self._respond()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _respond(self) -> None:
        if self.path.partition("?")[0] != self.server.path:
            self._send(plain(HTTPStatus.NOT_FOUND))
            return
        accept = ",".join(self.headers.get_all("Accept", []))
        encoding = ",".join(self.headers.get_all("Accept-Encoding", []))
        request = MetricsRequest(self.command, accept, encoding, self._scraper())
        self._send(respond(self.server.source, request))

    def _scraper(self) -> Scraper | None:
        query = self.path.partition("?")[2]
        return scraper_of(
            self.headers.get, query, self.client_address, is_open=partial(is_open, self.connection)
        )

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Respond to something that is not a valid request, without repeating any of it."""
        del message, explain
        result = plain(HTTPStatus(code))
        # Without a readable version, the base class would send a response without headers.
        self.request_version = self.protocol_version
        self._send_head(result, close=True)
        self.wfile.writelines(result.chunks)

    def _send(self, result: MetricsResponse) -> None:
        # The body of a request is never read, so the connection cannot serve another one.
        carries = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        self._send_head(result, close=carries)
        if self.command != "HEAD":
            self.wfile.writelines(result.chunks[:-1])
            # A short response to a client that has given up is lost without an error. Until the
            # last piece, only such a client closes the connection.
            has_all = is_open(self.connection)
            self.wfile.writelines(result.chunks[-1:])
            if has_all:
                result.sent()

    def _send_head(self, result: MetricsResponse, *, close: bool) -> None:
        self.send_response(result.status)
        for name, value in result.headers.items():
            self.send_header(name, value)
        if close:
            self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing, because there is a scrape every few seconds."""


_servers: weakref.WeakSet[_Server] = weakref.WeakSet()


@cache
def _close_after_fork() -> None:
    """Make forked children close the port, because they do not serve it."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_close_all)


def _close_all() -> None:
    for server in list(_servers):
        server.socket.close()


def _listen(address: str, ports: list[int], path: str, source: Source | None) -> _Server:
    """Return a server on the first port that is free."""
    failure = OSError("the port is missing")
    for port in ports:
        try:
            return _Server(address, port, path, source)
        except OSError as error:
            tried = f"port {' or '.join(map(str, ports))} of {address}"
            failure = type(error)(error.errno, f"{error.strerror}: {tried}")
    raise failure
