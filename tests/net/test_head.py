"""Heads of answers: limits, and one reading for whoever parsed them."""

from __future__ import annotations

import pytest

from store_exporter.errors import StoreError
from store_exporter.net import head
from store_exporter.net.head import MAX_BYTES, MAX_LINE, MAX_LINES

Lines = list[tuple[bytes, bytes]]


def test_names_are_in_lower_case_and_repeated_headers_are_joined() -> None:
    lines = [(b"Link", b"a"), (b"X-Total", b"3"), (b"LINK", b"b"), (b"x-total", b"3")]
    assert head.read(200, lines) == {"link": "a, b", "x-total": "3"}


def test_values_are_read_as_utf_8_or_else_as_latin_1() -> None:
    assert head.read(200, [(b"a", "ä".encode()), (b"b", b"\xe4")]) == {"a": "ä", "b": "ä"}


@pytest.mark.parametrize(
    "lines",
    [
        [(b"x", b"y" * (MAX_LINE - 1))],
        [(b"x", b"y")] * MAX_LINES,
        [(b"x" * 64, b"y" * 960)] * (MAX_BYTES // 1024),
    ],
)
def test_a_head_at_a_limit_is_read_and_one_beyond_it_is_not(lines: Lines) -> None:
    head.read(200, lines)
    with pytest.raises(StoreError) as caught:
        head.read(200, [(name, value + b"y") for name, value in lines] + lines[:1])
    assert caught.value.error_type == "response_too_large"
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("status", "version", "lines", "says"),
    [
        (101, "HTTP/1.1", [], "status 101"),
        (0, "HTTP/1.1", [], "status 0"),
        (200, "HTTP/9.9", [], "HTTP/9.9"),
        (200, "HTTP/1.1", [(b"Transfer-Encoding", b"gzip")], "gzip"),
        (200, "HTTP/1.1", [(b"Transfer-Encoding", b"chunked")] * 2, "chunked, chunked"),
        (
            200,
            "HTTP/1.1",
            [(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"2")],
            "Content-Length",
        ),
    ],
)
def test_what_only_one_parser_refuses_is_refused_for_both(
    status: int, version: str, lines: Lines, says: str
) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        head.read(status, lines, version)
    assert caught.value.error_type == "invalid_response"


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1", "HTTP/2"])
def test_good_heads_are_read(version: str) -> None:
    assert head.read(299, [(b"Transfer-Encoding", b"Chunked")], version)
