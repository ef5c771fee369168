"""A connection that the other end has closed is known to be, whatever of it is not read yet."""

from __future__ import annotations

import select
import socket

import pytest

from store_exporter.mounts.connections import is_open


def test_a_connection_is_open_until_either_end_closes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        served, _ = server.accept()
    with client, served:
        assert is_open(served)
        assert is_open(client)
        served.close()
        assert not is_open(served)


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="only Linux tells before it is read")
def test_a_client_that_left_after_its_request_is_gone_before_the_request_is_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        served, _ = server.accept()
    with served:
        client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert is_open(served)
        client.close()
        assert not is_open(served)
