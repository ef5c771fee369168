"""The delimited protobuf format (`io.prometheus.client.MetricFamily`) with native histograms.

Field numbers are those of prometheus/client_model, `io/prometheus/client/metrics.proto`.
A Prometheus that stores native histograms takes the native part and drops the classic buckets
unless told to keep them; one that does not takes the classic buckets. So both travel by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..catalogue import Kind, Metric
from ..families import Family, HistogramValue
from . import wire
from .histograms import HistogramWriter, timestamp
from .lines import CHUNK, unit_of

_TYPES = {Kind.COUNTER: 0, Kind.GAUGE: 1, Kind.INFO: 1, Kind.HISTOGRAM: 4}


def render_protobuf(families: Iterable[Family], *, classic: bool = True) -> Iterator[bytes]:
    """Yield the families as delimited protobuf messages; one without series is left out.

    Args:
        families: what to render.
        classic: whether histograms that have a native part keep their classic buckets too.
            Without them a message is about half the size, but a Prometheus that does not store
            native histograms gets no buckets at all.
    """
    for family in families:
        metrics = list(_metrics(family, classic=classic))
        if metrics:
            header = _header(family.metric)
            length = len(header) + sum(map(len, metrics))
            yield from _gather([wire.varint[length] + header, *metrics])


def _header(metric: Metric) -> bytes:
    unit = unit_of(
        metric.name.removesuffix("_total") if metric.kind is Kind.COUNTER else metric.name,
        metric.unit,
    )
    return (
        wire.text(1, metric.name)
        + wire.text(2, metric.help)
        + wire.tag(3, 0)
        + wire.varint[_TYPES[metric.kind]]
        + (wire.text(5, unit) if unit else b"")
    )


def _metrics(family: Family, *, classic: bool) -> Iterator[bytes]:
    """Yield field 4 of `MetricFamily` for each series."""
    labels = wire.LabelWriter(family.metric.labels)
    histogram = HistogramWriter(family.metric.buckets, family.created, classic=classic)
    number = _number_writer(family)
    varint = wire.varint
    for values, value in family.series:
        body = labels.write(values)
        if isinstance(value, HistogramValue):
            content = histogram.write(value)
            body += b"\x3a" + varint[len(content)] + content
        else:
            body += number(value)
        yield b"\x22" + varint[len(body)] + body


def _number_writer(family: Family) -> Callable[[float], bytes]:
    """Return what writes field 2 (gauge) or 3 (counter) of `Metric`."""
    counter = family.metric.kind is Kind.COUNTER
    created = b""
    if counter and family.created is not None:
        created = wire.delimited(3, timestamp(family.created))
    head = wire.tag(3 if counter else 2, 2) + wire.varint[9 + len(created)] + wire.tag(1, 1)
    double = wire.double
    return lambda value: head + double(value) + created


def _gather(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces into chunks of a size worth compressing and sending."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(gathered)
            gathered.clear()
            size = 0
    if gathered:
        yield b"".join(gathered)
