"""Groups of series: all that one probe or collector found in its last run."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from itertools import repeat
from typing import NamedTuple

from .births import Look
from .blocks import Block, LabelValues, Value
from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .families import Sample
from .guard import clean

_STORES = len(STORE_LABELS)
"""How many labels identify the store; the others belong to the sample."""


class Birth:
    """How a counter was first shown.

    Attributes:
        before: the value that a scraper gets first.
        created: Unix time of the first publication.
        born: the time of the first look that included it; None until then.
    """

    __slots__ = ("before", "born", "created")

    def __init__(self, before: float, created: float) -> None:
        self.before: float = before
        self.created: float = created
        self.born: float | None = None


class _Counted(Block):
    """A block of a counter for which some initial values are known."""

    __slots__ = ("births",)

    def __init__(
        self,
        metric: Metric,
        labels: tuple[LabelValues, ...],
        values: tuple[float, ...],
        births: tuple[Birth | None, ...],
    ) -> None:
        created = tuple(None if birth is None else birth.created for birth in births)
        super().__init__(metric, labels, values, created)
        self.births = births

    def shown(self, look: Look) -> Block:
        """Return the block as one look shows it: itself, if nothing in it is new to the reader."""
        values, has_news = list(self.values), False
        for place, birth in enumerate(self.births):
            if birth is not None:
                birth.born, is_news = look.include(birth.born)
                if is_news:
                    values[place], has_news = birth.before, True
        if not has_news:
            return self
        return Block(self.metric, self.labels, tuple(values), self.created)


_Counts = dict[LabelValues, tuple[float, Birth | None]]
"""Value and birth by label values."""


class _Group(NamedTuple):
    store: tuple[str, str, str]
    blocks: tuple[Block, ...]
    expires: float
    key: Hashable


class Groups:
    """The groups that are published now. No lock is needed, because a group is replaced as a whole.

    The groups of each store are also listed separately; otherwise, to forget a store would mean to
    search all groups of all stores. A group that has disappeared stays in this list until its store
    is forgotten: another thread could be publishing it again while it is removed.

    Args:
        monotonic: seconds of a monotonic clock, for the age of groups.
        clock: Unix time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float], clock: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._clock = clock
        self._groups: dict[Hashable, _Group] = {}
        # A list, because a set of so few items takes six times as much memory.
        self._of_store: dict[tuple[str, str, str], list[Hashable]] = {}
        self._overlap = False

    def publish(
        self,
        group: Hashable,
        store: tuple[str, str, str],
        samples: Iterable[Sample],
        ttl: float | None,
    ) -> None:
        """Replace the series of a group. They disappear `ttl` seconds later, if that is given.

        Raises:
            ValueError: a sample's labels are not those of its metric, or it is a histogram's.
        """
        samples = list(samples)
        now = self._monotonic()
        previous = self._groups.get(group)
        if previous is not None and previous.expires <= now:
            # A group that had disappeared is new again, and starts with its previous values.
            previous = None
        if previous is None or previous.store != store:
            store = (clean(store[0]), clean(store[1]), clean(store[2]))
        blocks = None
        if previous is not None and previous.store == store:
            store, blocks = previous.store, _renewed(previous.blocks, samples)
        if blocks is None:
            blocks = self._made(store, samples, previous)
            if group not in (groups := self._of_store.setdefault(store, [])):
                groups.append(group)
            self._overlap = self._overlap or self._overlaps(group, store, blocks)
        expires = math.inf if ttl is None else now + ttl
        self._groups[group] = _Group(store, blocks, expires, group)

    def _made(
        self, store: tuple[str, str, str], samples: list[Sample], previous: _Group | None
    ) -> tuple[Block, ...]:
        """Return samples as blocks. Series that had a birth already keep it."""
        born = {
            (block.metric.name, labels): birth
            for block in (previous.blocks if previous else ())
            if isinstance(block, _Counted)
            for labels, birth in zip(block.labels, block.births, strict=True)
        }
        found: dict[str, tuple[Metric, _Counts]] = {}
        for sample in samples:
            metric, labels = sample.metric, _labels(store, sample)
            birth = None
            if sample.before is not None and metric.kind is Kind.COUNTER:
                birth = born.get((metric.name, labels)) or Birth(sample.before, self._clock())
            found.setdefault(metric.name, (metric, {}))[1][labels] = (sample.value, birth)
        return tuple(_block(metric, series) for metric, series in found.values())

    def _overlaps(
        self, group: Hashable, store: tuple[str, str, str], blocks: tuple[Block, ...]
    ) -> bool:
        """Whether another group of the store also has one of these series."""
        own = {(block.metric.name, labels) for block in blocks for labels in block.labels}
        others = (self._groups.get(key) for key in self._of_store[store] if key != group)
        return any(
            (block.metric.name, labels) in own
            for other in others
            if other is not None
            for block in other.blocks
            for labels in block.labels
        )

    def withdraw(self, group: Hashable) -> None:
        """Remove the series of a group, if there are any."""
        self._groups.pop(group, None)

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all groups of a store, given by clean labels."""
        for group in self._of_store.pop(store, ()):
            published = self._groups.get(group)
            if published is not None and published.store == store:
                self._groups.pop(group, None)

    def snapshot(self, look: Look) -> tuple[dict[str, list[Block]], dict[str, _Befores]]:
        """Return the blocks of one look by the metric's name; drop groups that have expired.

        The second mapping has the initial values of counters that did not begin at 0.
        """
        now = self._monotonic()
        found: dict[str, list[Block]] = defaultdict(list)
        befores: dict[str, _Befores] = defaultdict(dict)
        # Values, not items: Python creates a tuple for each item. That may start the garbage
        # collector, which may let another thread publish in the middle of the loop.
        for group in list(self._groups.values()):
            if group.expires <= now:
                if self._groups.get(group.key) is group:  # and was not replaced just now
                    self._groups.pop(group.key, None)
                continue
            for block in group.blocks:
                if isinstance(block, _Counted):
                    found[block.metric.name].append(block.shown(look))
                    for labels, birth in zip(block.labels, block.births, strict=True):
                        if birth is not None and birth.before:
                            befores[block.metric.name][labels] = birth.before
                else:
                    found[block.metric.name].append(block)
        if self._overlap:
            return {name: _each_once(blocks) for name, blocks in found.items()}, befores
        return found, befores

    def clear(self) -> None:
        """Remove everything."""
        self._groups.clear()
        self._of_store.clear()


_Befores = dict[LabelValues, float]


def _block(metric: Metric, series: _Counts) -> Block:
    labels, values = tuple(series), tuple(value for value, _ in series.values())
    births = tuple(birth for _, birth in series.values())
    if any(births):
        return _Counted(metric, labels, values, births)
    return Block(metric, labels, values)


def _renewed(blocks: tuple[Block, ...], samples: list[Sample]) -> tuple[Block, ...] | None:
    """Return blocks with the values of the samples; None if the samples are of other series.

    A probe usually reports the same series every time, so labels are cleaned and checked once. A
    block with unchanged values is reused, together with its rendered text.
    """
    renewed = []
    rest = iter(samples)
    for block in blocks:
        metric = block.metric
        names = metric.labels[_STORES:]
        births = block.births if isinstance(block, _Counted) else repeat(None)
        found = []
        # `rest` is last, so that nothing is taken of it when the block ends; `strict` would do so.
        for labels, birth, sample in zip(block.labels, births, rest):  # noqa: B905
            of, value, own, before = sample
            if of is not metric or (before is None) is not (birth is None):
                return None
            if (own or names) and (
                len(own) != len(names) or tuple(map(own.get, names)) != labels[_STORES:]
            ):
                return None
            found.append(value)
        if len(found) != len(block.labels):
            return None
        values = tuple(found)
        if values == block.values:
            renewed.append(block)
        elif isinstance(block, _Counted):
            renewed.append(_Counted(metric, block.labels, values, block.births))
        else:
            renewed.append(Block(metric, block.labels, values))
    return None if next(rest, None) else tuple(renewed)


def _each_once(blocks: list[Block]) -> list[Block]:
    """Return blocks that contain each series once, with the value of the last block that has it."""
    series: dict[LabelValues, tuple[Value, float | None]] = {}
    for block in blocks:
        pairs = zip(block.values, block.created_times(), strict=True)
        series.update(zip(block.labels, pairs, strict=True))
    values = tuple(value for value, _ in series.values())
    times = tuple(created for _, created in series.values())
    return [Block(blocks[0].metric, tuple(series), values, times)]


def _labels(store: tuple[str, str, str], sample: Sample) -> tuple[str, ...]:
    metric = sample.metric
    if metric.kind is Kind.HISTOGRAM or metric.labels[:3] != STORE_LABELS:
        raise ValueError(f"{metric.name} cannot be published for a store")
    own = metric.labels[3:]
    if unknown := sample.labels.keys() - set(own):
        raise ValueError(f"{metric.name} has no label {', '.join(sorted(unknown))}")
    if missing := [name for name in own if name not in sample.labels]:
        raise ValueError(f"{metric.name} lacks the label {', '.join(missing)}")
    return (*store, *(clean(sample.labels[name]) for name in own)) if own else store
