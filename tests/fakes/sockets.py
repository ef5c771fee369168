"""A server that sends exactly the bytes that a test gives it."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


_LENGTH = re.compile(rb"(?i)content-length: *([0-9]+)")


def _request(connection: socket.socket) -> bytes:
    """Read one request to its end, or what there is of it."""
    data = connection.recv(65536)
    while data and b"\r\n\r\n" in data:
        length = _LENGTH.search(data)
        body = data.partition(b"\r\n\r\n")[2]
        if length is None or len(body) >= int(length.group(1)):
            break
        data += connection.recv(65536)
    return data


class Scripted:
    """Answers one connection after the other, each with its own bytes.

    Attributes:
        port: where it listens.
        received: the beginning of each request.
        hold: whether connections stay open after the last byte, as when a store hangs.
    """

    def __init__(self, answers: list[bytes], *, hold: bool, tls: ssl.SSLContext | None) -> None:
        self._answers = answers
        self._hold = hold
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        for answer in self._answers:
            with suppress(OSError):
                connection, _ = self._listener.accept()
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self.received.append(_request(connection))
                connection.sendall(answer)
                if self._hold:
                    self._held.append(connection)
                else:
                    connection.close()

    def close(self) -> None:
        self._listener.close()
        for connection in self._held:
            connection.close()


@contextmanager
def scripted(
    *answers: bytes, hold: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    """Serve the answers, one per connection, until the block ends."""
    server = Scripted(list(answers), hold=hold, tls=tls)
    server.thread.start()
    try:
        yield server
    finally:
        # Wakes an accept() that nobody came to.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        server.close()
        server.thread.join(5)
