"""A store's API over real TLS on loopback, quick enough to stand in for ten thousand.

    python -m tests.benchmarks.tls_store CERTIFICATE keep|close    prints its port and serves

Every request is answered with what WooCommerce answers to the liveness probe, over connections that
are kept as nginx keeps them, or closed after each answer. One thread and no library but the
standard one: OpenSSL's own sockets instead of asyncio's, whose buffer of 256 KiB for each
connection would be two GB here.
"""

from __future__ import annotations

import resource
import selectors
import socket
import ssl
import sys
import time
from email.utils import formatdate

BODY = b'{"id":"woocommerce_currency","value":"GBP"}'
HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx\r\n"
    "Date: {date}\r\n"
    "Content-Type: application/json; charset=UTF-8\r\n"
    "Content-Length: {length}\r\n"
    "Connection: {manner}\r\n"
    "X-Robots-Tag: noindex\r\n"
    'Link: <https://shop.example.com/wp-json/>; rel="https://api.w.org/"\r\n'
    "X-Content-Type-Options: nosniff\r\n"
    "Access-Control-Expose-Headers: X-WP-Total, X-WP-TotalPages, Link\r\n"
    "Access-Control-Allow-Headers: Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, "
    "Content-Type\r\n"
    "Expires: Wed, 11 Jan 1984 05:00:00 GMT\r\n"
    "Cache-Control: no-cache, must-revalidate, max-age=0, no-store, private\r\n"
    "Allow: GET, POST, PUT, PATCH\r\n\r\n"
)
_END = b"\r\n\r\n"


class Server:
    """Accepts and answers until the process ends.

    Args:
        certificate: PEM file with a private key and a certificate.
        keeps: whether connections are kept.
    """

    def __init__(self, certificate: str, *, keeps: bool) -> None:
        self._keeps = keeps
        self._made = (0, b"")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Serve for ever."""
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._accept()
                else:
                    self._go_on(key.fileobj, key.data)  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.setblocking(False)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._context.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            )
            self._selector.register(connection, selectors.EVENT_READ, bytearray())

    def _go_on(self, connection: ssl.SSLSocket, received: bytearray) -> None:
        """Go on with a handshake, or read what came and answer it."""
        try:
            if connection.version() is None:
                connection.do_handshake()
            while True:
                data = connection.recv(16384)
                if not data:
                    break
                received += data
                while (end := received.find(_END)) >= 0:
                    del received[: end + len(_END)]
                    connection.send(self._answer(int(time.time())))
                    if not self._keeps:
                        raise ConnectionError
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            pass
        self._selector.unregister(connection)
        connection.close()

    def _answer(self, second: int) -> bytes:
        """Return the answer, made anew each second."""
        if self._made[0] != second:
            head = HEAD.format(
                date=formatdate(second, usegmt=True),
                length=len(BODY),
                manner="keep-alive" if self._keeps else "close",
            )
            self._made = second, head.encode() + BODY
        return self._made[1]


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Server(sys.argv[1], keeps=sys.argv[2] == "keep")
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
