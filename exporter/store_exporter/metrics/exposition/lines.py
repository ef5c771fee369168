"""What the two text formats share: numbers, label text, and the lines of a histogram.

The lines of one histogram are filled in two steps for the whole series at once: `%` puts the
numbers into a template, then `str.replace` puts the label text in place of `LABELS`. In this
order nothing in a label value is ever read as a placeholder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from math import isfinite

from ..families import Exemplar, HistogramValue

LABELS = "\0"
"""Stands for a series' label text in a histogram's template."""

CHUNK = 1 << 15
"""Characters gathered before they are encoded and handed on.

Beyond 64 KiB glibc takes fresh pages from the kernel for each chunk, which is ten times slower.
"""

_SECONDS_AND_BYTES = {"s": "seconds", "By": "bytes"}


def number(value: float) -> str:
    """Write a value so that Go and OpenMetrics parse it; whole numbers without a fraction."""
    value = float(value)
    if isfinite(value):
        return repr(value).removesuffix(".0")
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


def unit_of(name: str, unit: str) -> str:
    """Return the unit to declare for a family, or nothing.

    Prometheus and OpenMetrics want a declared unit to be the end of the family's name, so
    annotations such as `{order}` are not declared.
    """
    declared = _SECONDS_AND_BYTES.get(unit, "")
    return declared if declared and name.endswith("_" + declared) else ""


class HistogramLines:
    """Writes the lines of one histogram family's series."""

    __slots__ = ("_bounds", "_exemplified", "_plain")

    def __init__(self, name: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        start = "{" + LABELS + "," if labels else "{"
        plain = "{" + LABELS + "}" if labels else ""
        self._bounds = [*map(bound, buckets), "+Inf"]
        lines = [f'{name}_bucket{start}le="{le}"}} %s' for le in self._bounds]
        end = f"{name}_sum{plain} %s\n{name}_count{plain} %s\n"
        self._plain = "".join(f"{line}\n" for line in lines) + end
        self._exemplified = "".join(f"{line}%s\n" for line in lines) + end

    def write(self, labels: str, value: HistogramValue) -> str:
        """Write the series with this label text, without exemplars."""
        counts = tuple(accumulate(value.counts))
        text = self._plain % (*counts, number(value.sum), counts[-1])
        return text.replace(LABELS, labels)

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
        text = self._exemplified % (*filled, number(value.sum), counts[-1])
        return text.replace(LABELS, labels)


def is_sound(exemplar: Exemplar) -> bool:
    """Whether an exemplar can travel: ids of letters and digits, within OpenMetrics' limit.

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


def encode(blocks: Iterable[str]) -> Iterator[bytes]:
    """Gather blocks of lines into chunks of UTF-8; what UTF-8 cannot hold becomes `?`."""
    gathered: list[str] = []
    size = 0
    for block in blocks:
        gathered.append(block)
        size += len(block)
        if size >= CHUNK:
            yield "".join(gathered).encode("utf-8", "replace")
            gathered.clear()
            size = 0
    if gathered:
        yield "".join(gathered).encode("utf-8", "replace")
