"""The delimited protobuf format (`io.prometheus.client.MetricFamily`) with native histograms.

Field numbers are those of prometheus/client_model, `io/prometheus/client/metrics.proto`. A
Prometheus that stores native histograms reads the native part, and drops the classic buckets unless
it is configured to keep them. Any other Prometheus reads the classic buckets. So both are sent by
default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ..blocks import BlockFamily
from ..catalogue import Kind, Metric
from ..families import Count, Family, HistogramValue
from . import wire
from .histograms import Created, HistogramWriter, exemplar_message
from .lines import gather, is_sound

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
            yield from gather([wire.varint[length] + header, *metrics], b"")


def _header(metric: Metric) -> bytes:
    unit = metric.declared_unit
    return (
        wire.text(1, metric.name)
        + wire.text(2, metric.help)
        + wire.tag(3, 0)
        + wire.varint[_TYPES[metric.kind]]
        + (wire.text(5, unit) if unit else b"")
    )


def _metrics(family: Family, *, classic: bool) -> Iterator[bytes]:
    """Yield field 4 of `MetricFamily` for each series, or for several at once."""
    write = _series_writer(family.metric, classic=classic)
    if isinstance(family, BlockFamily):
        for block in family.blocks:
            if block.protobuf is None or block.classic is not classic:
                messages = map(write, block, block.created_times())
                block.protobuf, block.classic = b"".join(messages), classic
            yield block.protobuf
    else:
        yield from map(write, family.series, family.created_times())


def _series_writer(
    metric: Metric, *, classic: bool
) -> Callable[[tuple[Sequence[str], float | HistogramValue], float | None], bytes]:
    labels = wire.LabelWriter(metric.labels)
    histogram = HistogramWriter(metric.buckets, classic=classic)
    number = _number_writer(metric.kind)
    varint = wire.varint

    def write(series: tuple[Sequence[str], float | HistogramValue], created: float | None) -> bytes:
        values, value = series
        body = labels.write(values)
        if isinstance(value, HistogramValue):
            content = histogram.write(value, created)
            body += b"\x3a" + varint[len(content)] + content
        else:
            body += number(value, created)
        return b"\x22" + varint[len(body)] + body

    return write


def _number_writer(kind: Kind) -> Callable[[float, float | None], bytes]:
    """Return what writes field 2 (gauge) or 3 (counter) of `Metric`."""
    counter = kind is Kind.COUNTER
    key, value_key = wire.tag(3 if counter else 2, 2), wire.tag(1, 1)
    heads = [key + wire.varint[9 + length] + value_key for length in range(32)]
    created_field, double = Created(3), wire.double

    def write(value: float, created: float | None) -> bytes:
        tail = created_field.write(created) if counter else b""
        if isinstance(value, Count) and is_sound(value.exemplar):
            carried = wire.delimited(2, exemplar_message(value.exemplar))
            content = value_key + double(value) + carried + tail
            return key + wire.varint[len(content)] + content
        return heads[len(tail)] + double(value) + tail

    return write
