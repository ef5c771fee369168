"""Series that are published in groups: all that one probe or collector found last."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .families import Sample
from .guard import clean

_Published = tuple[Metric, tuple[str, ...], float]


class _Group(NamedTuple):
    store: tuple[str, str, str]
    series: tuple[_Published, ...]
    expires: float


class Groups:
    """The groups published now. Needs no lock: a group is replaced whole.

    Args:
        monotonic: seconds that only grow, for the age of groups.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._groups: dict[Hashable, _Group] = {}

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
        store = (clean(store[0]), clean(store[1]), clean(store[2]))
        series = tuple((s.metric, _labels(store, s), s.value) for s in samples)
        expires = math.inf if ttl is None else self._monotonic() + ttl
        self._groups[group] = _Group(store, series, expires)

    def withdraw(self, group: Hashable) -> None:
        """Remove the series of a group, if there are any."""
        self._groups.pop(group, None)

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all groups of a store, given by clean labels."""
        for group, published in list(self._groups.items()):
            if published.store == store:
                self._groups.pop(group, None)

    def series(self) -> Iterator[_Published]:
        """Yield the series that have not expired, and drop the others."""
        now = self._monotonic()
        for group, published in list(self._groups.items()):
            if published.expires > now:
                yield from published.series
            elif self._groups.get(group) is published:  # and was not replaced just now
                self._groups.pop(group, None)

    def clear(self) -> None:
        """Remove everything."""
        self._groups.clear()


def _labels(store: tuple[str, str, str], sample: Sample) -> tuple[str, ...]:
    metric = sample.metric
    if metric.kind is Kind.HISTOGRAM or metric.labels[:3] != STORE_LABELS:
        raise ValueError(f"{metric.name} cannot be published for a store")
    own = metric.labels[3:]
    if unknown := sample.labels.keys() - set(own):
        raise ValueError(f"{metric.name} has no label {', '.join(sorted(unknown))}")
    if missing := [name for name in own if name not in sample.labels]:
        raise ValueError(f"{metric.name} lacks the label {', '.join(missing)}")
    return (*store, *(clean(sample.labels[name]) for name in own))
