"""Samples of the past for a running Prometheus, by its remote-write receiver.

A request is the protobuf message `prometheus.WriteRequest` of remote write 1.0 in Snappy's block
format, of which literals alone are used: nothing is compressed.
"""

from __future__ import annotations

import itertools
import struct
import urllib.request
from collections.abc import Iterable, Mapping, Sequence

from tests.servers.process import Server

BATCH = 500
"""Series in a request."""


def send(server: Server, series: Iterable[bytes]) -> None:
    """Hand over series in the order of their times.

    Prometheus takes nothing that is an hour older than the newest sample that it has.
    """
    rest = iter(series)
    while batch := b"".join(message(1, each) for each in itertools.islice(rest, BATCH)):
        body = varint(len(batch)) + b"\xfc" + struct.pack("<I", len(batch) - 1) + batch
        request = urllib.request.Request(
            f"{server.url}/api/v1/write",
            body,
            {
                "Content-Encoding": "snappy",
                "Content-Type": "application/x-protobuf",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            },
        )
        urllib.request.urlopen(request, timeout=300).close()


def ends(times: Iterable[int]) -> list[bytes]:
    """The times of samples, in seconds, as they are written."""
    return [b"\x10" + varint(1000 * each) for each in times]


def values(figures: Iterable[float]) -> list[bytes]:
    """The values of samples, as they are written."""
    # A sample is 16 bytes of field 2: a double, and a time of six bytes.
    return [b"\x12\x10\x09" + struct.pack("<d", each) for each in figures]


def one(labels: Mapping[str, str], figures: Iterable[bytes], times: Iterable[bytes]) -> bytes:
    """A series of `values` at `ends`, with its name as the label `__name__`."""
    samples = zip(figures, times, strict=True)
    return pairs(labels) + b"".join(itertools.chain.from_iterable(samples))


def histograms(
    labels: Mapping[str, str],
    figures: Iterable[Sequence[float]],
    times: Iterable[int],
    *,
    grows: bool,
) -> bytes:
    """A series of native histograms with the same mean duration of 0.2 at these times.

    Args:
        labels: with its name as `__name__`.
        figures: the counts of adjacent buckets around it.
        times: in seconds.
        grows: whether these are the counts of a counter, whole numbers. Rates are a gauge's.
    """
    found = zip(figures, times, strict=True)
    made = _counter if grows else _gauge
    return pairs(labels) + b"".join(
        message(4, made(counts) + b"\x78" + varint(1000 * time)) for counts, time in found
    )


def _counter(counts: Sequence[float]) -> bytes:
    number, packed = total_and_deltas(counts)
    return b"\x08" + varint(number) + _rest(counts) + message(12, packed)


def _gauge(counts: Sequence[float]) -> bytes:
    packed = struct.pack(f"<{len(counts)}d", *counts)
    number = b"\x11" + struct.pack("<d", sum(counts))
    return number + _rest(counts) + message(13, packed) + b"\x70\x03"


def _rest(counts: Sequence[float]) -> bytes:
    """The sum, the schema and the only span of a histogram."""
    total = struct.pack("<d", 0.2 * sum(counts))
    return b"\x19" + total + b"\x20" + varint(zigzag(SCHEMA)) + message(11, span(len(counts)))


SCHEMA = 3
"""Bounds of native histograms are powers of the eighth root of two, and 0.2 is the 19th below 1."""


def span(buckets: int) -> bytes:
    """So many adjacent buckets around 0.2."""
    return b"\x08" + varint(zigzag(-19 - buckets // 2)) + b"\x10" + varint(buckets)


def total_and_deltas(counts: Sequence[float]) -> tuple[int, bytes]:
    """The sum of whole counts, and each of them as the difference to the one before."""
    whole = [int(each) for each in counts]
    deltas = (after - before for before, after in itertools.pairwise([0, *whole]))
    return sum(whole), b"".join(varint(zigzag(each)) for each in deltas)


def pairs(labels: Mapping[str, str]) -> bytes:
    """Labels, as they are written here and in the exposition format."""
    return b"".join(
        message(1, message(1, name.encode()) + message(2, value.encode()))
        for name, value in sorted(labels.items())
    )


def message(field: int, content: bytes) -> bytes:
    """A field of bytes, or of a message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def zigzag(value: int) -> int:
    """A number that may be negative, as one that is not."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def varint(value: int) -> bytes:
    """A number of 7 bits a byte."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
