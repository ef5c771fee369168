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
    while batch := b"".join(_message(1, each) for each in itertools.islice(rest, BATCH)):
        body = _varint(len(batch)) + b"\xfc" + struct.pack("<I", len(batch) - 1) + batch
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
    return [b"\x10" + _varint(1000 * each) for each in times]


def values(figures: Iterable[float]) -> list[bytes]:
    """The values of samples, as they are written."""
    # A sample is 16 bytes of field 2: a double, and a time of six bytes.
    return [b"\x12\x10\x09" + struct.pack("<d", each) for each in figures]


def one(labels: Mapping[str, str], figures: Iterable[bytes], times: Iterable[bytes]) -> bytes:
    """A series of `values` at `ends`, with its name as the label `__name__`."""
    pairs = zip(figures, times, strict=True)
    return _labels(labels) + b"".join(itertools.chain.from_iterable(pairs))


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
        figures: the counts of adjacent buckets around it, as floats.
        times: in seconds.
        grows: whether these are the counts of a counter. Rates are a gauge's.
    """
    hint = 0 if grows else 3
    found = zip(figures, times, strict=True)
    return _labels(labels) + b"".join(_message(4, _histogram(*each, hint)) for each in found)


def _histogram(counts: Sequence[float], time: int, hint: int) -> bytes:
    # Schema 3: bounds are powers of the eighth root of two, and 0.2 is the 19th below 1.
    first = -19 - len(counts) // 2
    span = b"\x08" + _varint(_zigzag(first)) + b"\x10" + _varint(len(counts))
    number = sum(counts)
    return (
        b"\x11"
        + struct.pack("<d", number)
        + b"\x19"
        + struct.pack("<d", 0.2 * number)
        + b"\x20"
        + _varint(_zigzag(3))
        + _message(11, span)
        + _message(13, struct.pack(f"<{len(counts)}d", *counts))
        + b"\x70"
        + _varint(hint)
        + b"\x78"
        + _varint(1000 * time)
    )


def _labels(labels: Mapping[str, str]) -> bytes:
    return b"".join(
        _message(1, _message(1, name.encode()) + _message(2, value.encode()))
        for name, value in sorted(labels.items())
    )


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
