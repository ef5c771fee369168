"""Series that are published together, and what each format has made of them.

A scrape of ten thousand stores meets some 200,000 series of which few have changed since the one
before. So the lines of a block are written when they are first requested and then kept with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from .catalogue import Metric
from .families import Family, HistogramValue
from .histogram import Histogram

LabelValues = tuple[str, ...]
Value = float | Histogram


class Block:
    """Some series of one metric, at one moment. It never changes: what is published replaces it.

    Attributes:
        metric: whose series they are.
        labels: label values of each, in the metric's label order.
        values: the value of each.
        created: the Unix time at which each began, None where that is not known; None for all.
        text: its lines, as all text formats have them; None until they are requested.
        protobuf: its messages; None until they are requested.
        classic: whether these have classic buckets beside native ones.
    """

    __slots__ = ("classic", "created", "labels", "metric", "protobuf", "text", "values")

    def __init__(
        self,
        metric: Metric,
        labels: tuple[LabelValues, ...],
        values: tuple[Value, ...],
        created: Sequence[float | None] | None = None,
    ) -> None:
        self.metric: Metric = metric
        self.labels: tuple[LabelValues, ...] = labels
        self.values: tuple[Value, ...] = values
        self.created: Sequence[float | None] | None = created
        self.text: str | None = None
        self.protobuf: bytes | None = None
        self.classic = False

    def __iter__(self) -> Iterator[tuple[LabelValues, float | HistogramValue]]:
        for labels, value in zip(self.labels, self.values, strict=True):
            yield labels, value.value() if isinstance(value, Histogram) else value

    def created_times(self) -> Iterable[float | None]:
        """Return when each began."""
        return repeat(None, len(self.labels)) if self.created is None else self.created


class BlockFamily(Family):
    """A family whose series come in blocks.

    Args:
        blocks: of one metric.
        before: what counters began with, where that was not 0.
    """

    __slots__ = ("blocks",)

    def __init__(self, blocks: Sequence[Block], before: dict[LabelValues, float]) -> None:
        super().__init__(blocks[0].metric, _Series(blocks), _Created(blocks), before)
        self.blocks: Sequence[Block] = blocks


class _Series(Iterable[tuple[LabelValues, float | HistogramValue]]):
    """The series of blocks, any number of times."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    def __iter__(self) -> Iterator[tuple[LabelValues, float | HistogramValue]]:
        for block in self._blocks:
            yield from block


class _Created(Iterable[float | None]):
    """When each of them began."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    def __iter__(self) -> Iterator[float | None]:
        for block in self._blocks:
            yield from block.created_times()
