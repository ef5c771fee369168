"""A fast encoder for the parts of protobuf's wire format that the exposition needs.

Written by hand because a protobuf library would be the core's second dependency and is slower
than joining prepared bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

double = Struct("<d").pack

_KEPT = 1 << 13


class _Varints(dict[int, bytes]):
    """Unsigned numbers in varint encoding, the small ones cached on first use."""

    def __missing__(self, value: int) -> bytes:
        encoded = bytearray()
        rest = value
        while rest > 0x7F:
            encoded.append(rest & 0x7F | 0x80)
            rest >>= 7
        encoded.append(rest)
        result = bytes(encoded)
        if value < _KEPT:
            self[value] = result
        return result


class _Zigzags(dict[int, bytes]):
    """Signed numbers in zigzag varint encoding, the small ones cached on first use."""

    def __missing__(self, value: int) -> bytes:
        result = varint[value << 1 if value >= 0 else (-value << 1) - 1]
        if -_KEPT < value < _KEPT:
            self[value] = result
        return result


varint = _Varints()
zigzag = _Zigzags()


def tag(field: int, wire_type: int) -> bytes:
    """Return the key of a field; wire type 0 is varint, 1 fixed 64 bit, 2 length-delimited."""
    return varint[field << 3 | wire_type]


def delimited(field: int, content: bytes) -> bytes:
    """Return a field that holds a message, a string or packed numbers."""
    return tag(field, 2) + varint[len(content)] + content


def text(field: int, value: str) -> bytes:
    """Return a string field; what UTF-8 cannot hold becomes `?`."""
    return delimited(field, value.encode("utf-8", "replace"))


def label_pair(name: str, value: str) -> bytes:
    """Return the content of a `LabelPair`."""
    return text(1, name) + text(2, value)


class LabelWriter:
    """Writes the labels of a `Metric`; a pair is encoded once, however many series share it."""

    __slots__ = ("_pairs",)

    def __init__(self, names: Sequence[str]) -> None:
        self._pairs = [_Pairs(name) for name in names]

    def write(self, values: Sequence[str]) -> bytes:
        """Return field 1 of `Metric` for each label."""
        return b"".join([pairs[value] for pairs, value in zip(self._pairs, values, strict=True)])


class _Pairs(dict[str, bytes]):
    """One label's pairs by value. It lives as long as one rendering, and so is bounded by it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._head = text(1, name) + tag(2, 2)

    def __missing__(self, value: str) -> bytes:
        # As `label_pair`, which takes twice as long: most of a fleet's labels are missing here.
        encoded = value.encode("utf-8", "replace")
        pair = self._head + varint[len(encoded)] + encoded
        self[value] = result = b"\x0a" + varint[len(pair)] + pair
        return result
