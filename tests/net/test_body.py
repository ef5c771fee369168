"""A body is read as browsers read it, whatever pieces it comes in."""

from __future__ import annotations

import gzip
import zlib

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.body import Body

DATA = b'{"name": "a shop"}' * 20
BARE = zlib.compress(DATA)[2:-4]
CODED = {
    "gzip": gzip.compress(DATA),
    "x-gzip ": gzip.compress(DATA),
    "GZIP, utf-8": gzip.compress(DATA),
    "gzip, gzip": gzip.compress(gzip.compress(DATA)),
    "deflate, gzip": gzip.compress(zlib.compress(DATA)),
    "deflate": BARE,
    "Deflate": zlib.compress(DATA),
    "aws-chunked": DATA,
    "windows-1252": DATA,
}


def read(coding: str, sent: bytes, size: int, limit: int = 10_000) -> bytes:
    body = Body(limit, coding, 200)
    for start in range(0, len(sent), size):
        body.add(sent[start : start + size])
    return body.whole()


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_browsers_can_undo_is_undone(coding: str, size: int) -> None:
    assert read(coding, CODED[coding], size) == DATA


def test_a_body_of_countless_members_is_broken_and_costs_little() -> None:
    empty = gzip.compress(b"")
    assert read("gzip", empty * 999 + gzip.compress(DATA), 2**16, limit=2**20) == DATA
    with pytest.raises(StoreError) as caught:
        read("gzip", empty * 1000 + gzip.compress(DATA), 2**16, limit=2**20)
    assert caught.value.error_type == "invalid_response"


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_all_members_of_gzip_are_read_and_what_follows_them_is_not(size: int) -> None:
    members = gzip.compress(DATA[:50]) + gzip.compress(DATA[50:])
    for rest in (b"", b"\0" * 9, b"<!-- cached -->", b"\x1f"):
        assert read("gzip", members + rest, size) == DATA


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_is_cut_off_is_an_error(coding: str, size: int) -> None:
    whole = gzip.compress(DATA) if coding == "gzip" else zlib.compress(DATA)
    two = gzip.compress(b"x") + gzip.compress(DATA)[:-9] if coding == "gzip" else whole[:-9]
    for sent in (whole[:-9], whole[:1], two):
        with pytest.raises(StoreError, match="cut off"):
            read(coding, sent, size)


def test_the_limit_holds_through_every_coding() -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 1_000_000))
    for coding, sent in (("gzip, gzip", bomb), ("gzip", gzip.compress(DATA) * 40)):
        with pytest.raises(StoreError, match="exceeds"):
            read(coding, sent, 10_000, limit=5_000)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", ", ".join(["gzip"] * 4)])
def test_what_cannot_be_undone_is_told_as_what_nobody_asked_for(coding: str) -> None:
    with pytest.raises(StoreError, match="which was not requested"):
        Body(100, coding, 200)
