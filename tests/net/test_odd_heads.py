"""Heads that browsers read and parsers refuse; `broken_answers` has what callers make of them."""

from __future__ import annotations

import pytest

from store_exporter.net.head import MAX_BYTES
from store_exporter.net.odd_heads import HeadReader

STATUS = b"HTTP/1.1 200 OK\r\n"
END = b"\r\n{}"

MENDED = {
    b"X-Echo Agent: curl/8\r\nX: x\r\n": b"X: x\r\n",
    b"X: x\r\nX-XSS-Protection=1;\r\n": b"X: x\r\n",
    b": x\r\n": b"",
    b"Content-Type \t: text/html\r\n": b"Content-Type: text/html\r\n",
    b"X: x\r\r\nY: y\r\n": b"X: x\r\nY: y\r\n",
    b"X: x\r\n  more of it\r\n\tand more\r\n": b"X: x\r\n  more of it\r\n\tand more\r\n",
    b"Content-Length: 2\r\ncontent-length: 2\r\n": b"Content-Length: 2\r\n",
    b"Content-Length: 2, 2\r\n": b"Content-Length: 2\r\n",
    b"Content-Length: 2\r\nContent-Length: 3\r\n": b"Content-Length: 2\r\nContent-Length: 3\r\n",
    b"Content-Length: 9\r\nTransfer-Encoding: Chunked\r\n": b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n": b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n": b"Content-Length: 2\r\n",
    b"Transfer-Encoding: gzip\r\n": b"Transfer-Encoding: gzip\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n": b"Transfer-Encoding: gzip, chunked\r\n",
}


@pytest.mark.parametrize("lines", MENDED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_head_is_mended_however_it_arrives(lines: bytes, size: int) -> None:
    reader = HeadReader()
    for _ in range(2):
        reader.expect()
        sent = b"\r\n" + STATUS + lines + END
        pieces = [sent[place : place + size] for place in range(0, len(sent), size)]
        assert b"".join(map(reader.received, pieces)) == STATUS + MENDED[lines] + END


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_head_ends_whichever_way_all_its_lines_end(size: int) -> None:
    """A script that writes both line ends on Windows doubles each carriage return."""
    reader = HeadReader()
    reader.expect()
    sent = (STATUS + b"X: x\r\n" + END).replace(b"\r", b"\r\r")
    pieces = [sent[place : place + size] for place in range(0, len(sent), size)]
    assert b"".join(map(reader.received, pieces)) == STATUS + b"X: x\r\n" + END


@pytest.mark.parametrize(
    "sent",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"<html>no head</html>\r\n\r\nX Y: x\r\n",
        b"HTTP/1.1 200 OK\nX: x\n\n{}",
        b"HTTP/1.1 200 " + b"x" * MAX_BYTES,
    ],
)
def test_what_is_not_such_a_head_is_let_through(sent: bytes) -> None:
    reader = HeadReader()
    reader.expect()
    assert reader.received(sent) == sent


def test_only_the_beginning_of_a_response_is_a_head() -> None:
    reader = HeadReader()
    assert reader.received(b"HTTP/1.1 200 OK\r\nX Y: x\r\n\r\n") == (
        b"HTTP/1.1 200 OK\r\nX Y: x\r\n\r\n"
    )
    reader.expect()
    assert reader.received(STATUS + b"\r\n") == STATUS + b"\r\n"
    assert reader.received(b"\r\nX Y: x\r\n\r\n") == b"\r\nX Y: x\r\n\r\n"
