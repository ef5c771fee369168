"""Blocks: series that are published together, with their rendered text in each format.

A scrape of ten thousand stores contains some 200,000 series, and few of them have changed since the
previous scrape. So a block's lines are rendered when they are first requested, and then kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from .catalogue import CATALOGUE, Metric
from .families import Family, HistogramValue, View
from .histogram import Histogram

LabelValues = tuple[str, ...]
Value = float | Histogram


class Block:
    """Some series of one metric at one time. A block never changes; publications replace it.

    Attributes:
        metric: the metric of the series.
        labels: label values of each, in the metric's label order.
        values: the value of each.
        created: the Unix time at which each series began, None where that is not known; None
            instead of the sequence if it is known for no series.
        text: the lines, the same in all text formats; None until they are requested.
        protobuf: the messages; None until they are requested.
        classic: whether the messages have classic buckets beside native ones.
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
        """Return the Unix time at which each series began."""
        return repeat(None, len(self.labels)) if self.created is None else self.created


class BlockFamily(Family):
    """A family whose series come in blocks.

    Args:
        blocks: of one metric.
        before: the initial values of counters that did not begin at 0.
    """

    __slots__ = ("blocks",)

    def __init__(self, blocks: Sequence[Block], before: dict[LabelValues, float]) -> None:
        super().__init__(
            blocks[0].metric, View(blocks, iter), View(blocks, Block.created_times), before
        )
        self.blocks: Sequence[Block] = blocks


def in_order(
    own: dict[str, Family],
    found: dict[str, list[Block]],
    before: dict[str, dict[LabelValues, float]],
) -> Iterator[Family]:
    """Yield families in the catalogue's order, then those that are not in the catalogue.

    Those in `own` are already complete; `found` has the blocks of the others by metric name.
    """
    for name in (*CATALOGUE, *(name for name in found if name not in CATALOGUE)):
        if name in own:
            yield own[name]
        elif blocks := found.get(name):
            yield BlockFamily(blocks, before.get(name, {}))
