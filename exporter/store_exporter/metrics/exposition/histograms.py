"""One histogram series as the `Histogram` message of the protobuf format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import inf
from operator import sub

from ..families import DenseBuckets, Exemplar, HistogramValue, NativeHistogram
from . import wire
from .lines import is_sound

# A gap of up to this many empty buckets costs less as zeros than as the start of a new span.
_GAP = 2
_LONG_GAP = bytes(_GAP + 1)


class HistogramWriter:
    """Writes the series of one histogram family.

    Args:
        buckets: upper bounds of the classic buckets, without `+Inf`.
        classic: whether a native histogram also has its classic buckets.
    """

    __slots__ = ("_bounds", "_classic", "_created", "_heads")

    def __init__(self, buckets: Sequence[float], *, classic: bool) -> None:
        self._bounds = [b"\x11" + wire.double(le) for le in (*buckets, inf)]
        # A bucket's key, length and bound, by the number of bytes that its count takes.
        self._heads = [
            [b"\x1a" + bytes([len(le) + 1 + size]) + le + b"\x08" for le in self._bounds]
            for size in range(11)
        ]
        self._classic = classic
        self._created = Created(15)

    def write(self, value: HistogramValue, created: float | None) -> bytes:
        """Return the message's content.

        Args:
            value: the state of the series.
            created: Unix time at which it began, if known.
        """
        counts = list(accumulate(value.counts))
        parts = [b"\x08", wire.varint[counts[-1]], b"\x11", wire.double(value.sum)]
        native = value.native
        exemplars = {i: e for i, e in (value.exemplars or {}).items() if is_sound(e)}
        if native is None or self._classic:
            parts += self._buckets(counts, exemplars)
        else:
            parts += [
                wire.delimited(16, exemplar_message(exemplar)) for exemplar in exemplars.values()
            ]
        if native is not None:
            parts += _native(native)
        parts.append(self._created.write(created))
        return b"".join(parts)

    def _buckets(self, counts: list[int], exemplars: Mapping[int, Exemplar]) -> list[bytes]:
        """Return field 3 for each classic bucket.

        The one for `+Inf` repeats the count of all and may be left out, unless it carries an
        exemplar.
        """
        varint = wire.varint
        heads = self._heads
        parts = []
        last = len(self._bounds) - 1
        for index, count in enumerate(counts):
            encoded = varint[count]
            if index in exemplars:
                parts.append(self._bucket_with_exemplar(index, encoded, exemplars[index]))
            elif index != last:
                parts += (heads[len(encoded)][index], encoded)
        return parts

    def _bucket_with_exemplar(self, index: int, count: bytes, exemplar: Exemplar) -> bytes:
        carried = wire.delimited(3, exemplar_message(exemplar))
        return wire.delimited(3, self._bounds[index] + b"\x08" + count + carried)


class Created:
    """Writes a field that holds the Unix time at which a series began, a `Timestamp`.

    Each scrape contains tens of thousands of these times, and few of them are equal.

    Args:
        field: the field's number.
    """

    __slots__ = ("_heads",)

    def __init__(self, field: int) -> None:
        self._heads = [wire.tag(field, 2) + wire.varint[length] for length in range(32)]

    def write(self, created: float | None) -> bytes:
        """Return the field; empty if the time is not known."""
        if created is None:
            return b""
        content = timestamp(created)
        return self._heads[len(content)] + content


def timestamp(seconds: float) -> bytes:
    """Return the content of a `google.protobuf.Timestamp`, to the millisecond."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return _whole_seconds(whole) + _THOUSANDTHS[thousandths]


@lru_cache(1 << 12)
def _whole_seconds(whole: int) -> bytes:
    return b"\x08" + wire.varint[whole]


_THOUSANDTHS = [
    b"\x10" + wire.varint[thousandths * 1_000_000] if thousandths else b""
    for thousandths in range(1000)
]


def exemplar_message(exemplar: Exemplar) -> bytes:
    """Return the content of an `Exemplar`."""
    return (
        wire.delimited(1, wire.label_pair("trace_id", exemplar.trace_id))
        + wire.delimited(1, wire.label_pair("span_id", exemplar.span_id))
        + b"\x11"
        + wire.double(exemplar.value)
        + wire.delimited(3, timestamp(exemplar.timestamp))
    )


def _native(native: NativeHistogram) -> list[bytes]:
    """Return the fields of the native part."""
    buckets = native.buckets
    if isinstance(buckets, DenseBuckets):
        spans, counts = _dense_spans(buckets)
    else:
        spans, counts = _sparse_spans(buckets)
    deltas = map(sub, counts, chain((0,), counts))
    encoded = b"".join(map(wire.zigzag.__getitem__, deltas))
    return [
        b"\x28",
        wire.zigzag[native.schema],
        b"\x31",
        wire.double(native.zero_threshold),
        b"\x38",
        wire.varint[native.zero_count],
        *[_span(offset, length) for offset, length in spans],
        wire.delimited(13, encoded) if encoded else b"",
    ]


def _dense_spans(buckets: DenseBuckets) -> tuple[list[tuple[int, int]], list[int]]:
    """Return runs of neighbouring buckets, and the counts within them.

    A run is given by its distance from the end of the previous run, and its length. A histogram
    without observations has one empty run, which marks it as native.
    """
    populated = bytes(map(bool, buckets.counts))
    spans: list[tuple[int, int]] = []
    counts: list[int] = []
    begin, before = 0, -buckets.start
    while (gap := populated.find(_LONG_GAP, begin)) >= 0:
        spans.append((begin - before, gap - begin))
        counts += buckets.counts[begin:gap]
        before = gap
        begin = populated.find(1, gap)
        if begin < 0:
            return spans, counts
    spans.append((begin - before, len(populated) - begin))
    counts += buckets.counts[begin:]
    return spans, counts


def _sparse_spans(buckets: Mapping[int, int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Do the same for buckets that may lie far apart."""
    spans: list[tuple[int, int]] = []
    counts: list[int] = []
    begin = end = min(buckets, default=0)  # The open run is [begin, end).
    before = 0
    for index, count in sorted(buckets.items()):
        if index - end > _GAP:
            spans.append((begin - before, end - begin))
            before, begin = end, index
        else:
            counts += [0] * (index - end)
        counts.append(count)
        end = index + 1
    spans.append((begin - before, end - begin))
    return spans, counts


def _span(offset: int, length: int) -> bytes:
    content = b"\x08" + wire.zigzag[offset] + b"\x10" + wire.varint[length]
    return b"\x62" + wire.varint[len(content)] + content
