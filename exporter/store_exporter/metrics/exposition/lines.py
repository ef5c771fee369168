"""What the two text formats share: numbers, label text, and the lines of series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from math import isfinite
from typing import AnyStr, cast

from ..blocks import Block, BlockFamily
from ..catalogue import Kind
from ..families import Count, Exemplar, Family, HistogramValue

_START = "\0"

CHUNK = 1 << 15
"""Characters that are collected before they are encoded and passed on.

Beyond 64 KiB glibc takes fresh pages from the kernel for each chunk, which is ten times slower.
"""

# Series written at a time; either is about half a chunk.
_HISTOGRAMS = 8
_NUMBERS = 128

_Histograms = list[tuple[tuple[str, ...], HistogramValue]]
_Numbers = list[tuple[tuple[str, ...], float]]


def number(value: float) -> str:
    """Write a value so that Go and OpenMetrics parse it; whole numbers without a fraction."""
    text = repr(value)
    if text.endswith(".0"):
        return text[:-2]
    return text if text[-1].isdigit() else _odd_number(float(value))


def _odd_number(value: float) -> str:
    """Write a number that is not finite, or is neither an int nor a float."""
    if isfinite(value):
        return number(value)
    if value != value:  # noqa: PLR0124 - true of NaN only
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def bound(value: float) -> str:
    """Write a bucket's upper bound in OpenMetrics' canonical form, which keeps `.0`."""
    return repr(float(value)) if isfinite(value) else "+Inf"


def escape(value: str) -> str:
    """Escape a label value, or a help text in OpenMetrics."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def label_writer(names: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """Return the function that writes values of these labels as `a="x",b="y"`."""
    template = ",".join(f'{name}="%s"' for name in names)
    quotes = 2 * len(names)

    def write(values: Sequence[str]) -> str:
        text = template % values
        if "\\" in text or "\n" in text or text.count('"') != quotes:
            return template % tuple(escape(str(value)) for value in values)
        return text

    return write


class HistogramLines:
    """Writes the lines of one histogram family's series.

    The bucket lines are filled in two steps for the whole series at once: `%` puts the counts
    into a template, then `str.replace` puts what precedes the bound, name and labels, in place of
    `_START`. In this order nothing in a label value is ever read as a placeholder.
    """

    __slots__ = ("_bucket", "_count", "_end", "_exemplified", "_le", "_plain", "_sum")

    def __init__(self, name: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        lines = [f'{_START}{le}"}} %s' for le in (*map(bound, buckets), "+Inf")]
        self._plain = "".join(f"{line}\n" for line in lines)
        self._exemplified = "".join(f"{line}%s\n" for line in lines)
        self._bucket, self._le = name + "_bucket{", ',le="' if labels else 'le="'
        brace, self._end = ("{", "} ") if labels else (" ", "")
        self._sum, self._count = f"{name}_sum{brace}", f"{name}_count{brace}"

    def write(self, labels: str, value: HistogramValue) -> str:
        """Write the series with this label text, without exemplars."""
        counts = tuple(accumulate(value.counts))
        return self._finish(self._plain % counts, labels, value.sum, counts[-1])

    def write_with_exemplars(self, labels: str, value: HistogramValue) -> str:
        """Write the series with this label text and its exemplars, as OpenMetrics allows."""
        exemplars = value.exemplars
        if not exemplars:
            return self.write(labels, value)
        counts = tuple(accumulate(value.counts))
        filled: list[object] = []
        for index, count in enumerate(counts):
            exemplar = exemplars.get(index)
            filled += (count, exemplar_text(exemplar) if exemplar else "")
        return self._finish(self._exemplified % tuple(filled), labels, value.sum, counts[-1])

    def _finish(self, buckets: str, labels: str, total: float, count: int) -> str:
        end = self._end
        return (
            f"{buckets.replace(_START, f'{self._bucket}{labels}{self._le}')}"
            f"{self._sum}{labels}{end}{number(total)}\n"
            f"{self._count}{labels}{end}{count}\n"
        )


def is_sound(exemplar: Exemplar) -> bool:
    """Whether an exemplar may be exposed: ids of letters and digits, within OpenMetrics' limit.

    That limit is 128 characters for names and values together. One unsound exemplar would make
    the whole scrape fail, so it is left out.
    """
    ids = exemplar.trace_id + exemplar.span_id
    return ids.isascii() and ids.isalnum() and len(ids) + len("trace_idspan_id") <= 128


def exemplar_text(exemplar: Exemplar) -> str:
    """Write an exemplar as it follows a bucket's value."""
    if not is_sound(exemplar):
        return ""
    return (
        f' # {{trace_id="{exemplar.trace_id}",span_id="{exemplar.span_id}"}}'
        f" {number(exemplar.value)} {number(round(exemplar.timestamp, 3))}"
    )


def _counted(value: float) -> str:
    """Write a counter's exemplar, if it has one."""
    return exemplar_text(value.exemplar) if isinstance(value, Count) else ""


def series_lines(family: Family, name: str, *, exemplars: bool) -> Iterator[str]:
    """Yield the lines of a family's series, many series at a time.

    Args:
        family: what to write.
        name: the name of its samples, without the suffixes of a histogram's.
        exemplars: whether the format supports exemplars.
    """
    if isinstance(family, BlockFamily):
        yield from _kept_lines(family)
        return
    metric = family.metric
    write_labels = label_writer(metric.labels)
    series = iter(family.series)
    if metric.kind is Kind.HISTOGRAM:
        lines = HistogramLines(name, metric.labels, metric.buckets)
        write = lines.write_with_exemplars if exemplars else lines.write
        while batch := cast(_Histograms, list(islice(series, _HISTOGRAMS))):
            yield "".join([write(write_labels(labels), value) for labels, value in batch])
        return
    start, end = (name + "{", "} ") if metric.labels else (name, " ")
    if exemplars and metric.kind is Kind.COUNTER:
        while numbers := cast(_Numbers, list(islice(series, _NUMBERS))):
            yield "".join(
                [
                    f"{start}{write_labels(labels)}{end}{number(value)}{_counted(value)}\n"
                    for labels, value in numbers
                ]
            )
        return
    while numbers := cast(_Numbers, list(islice(series, _NUMBERS))):
        yield "".join(
            [f"{start}{write_labels(labels)}{end}{number(value)}\n" for labels, value in numbers]
        )


def _kept_lines(family: BlockFamily) -> Iterator[str]:
    """Yield the lines of a family in blocks, and render those that are not cached.

    They are the same in all text formats: what is kept in blocks has no exemplars.
    """
    metric = family.metric
    write_labels = label_writer(metric.labels)
    histogram = HistogramLines(metric.name, metric.labels, metric.buckets)
    start, end = (metric.name + "{", "} ") if metric.labels else (metric.name, " ")

    def write(block: Block) -> str:
        block.text = "".join(
            [
                histogram.write(write_labels(labels), value)
                if isinstance(value, HistogramValue)
                else f"{start}{write_labels(labels)}{end}{number(value)}\n"
                for labels, value in block
            ]
        )
        return block.text

    blocks = iter(family.blocks)
    while batch := list(islice(blocks, _NUMBERS)):
        yield "".join([block.text or write(block) for block in batch])


def encode(blocks: Iterable[str]) -> Iterator[bytes]:
    """Join blocks of lines into chunks of UTF-8; characters that UTF-8 cannot encode become `?`."""
    for chunk in gather(blocks, ""):
        yield chunk.encode("utf-8", "replace")


def gather(pieces: Iterable[AnyStr], empty: AnyStr) -> Iterator[AnyStr]:
    """Join small pieces into chunks of a size worth compressing and sending."""
    gathered: list[AnyStr] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield empty.join(gathered)
            gathered.clear()
            size = 0
    if gathered:
        yield empty.join(gathered)
