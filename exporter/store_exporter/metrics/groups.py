"""Series that are published in groups: all that one probe or collector found last."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from .births import Look
from .catalogue import Kind, Metric
from .catalogue.health import STORE_LABELS
from .families import Sample
from .guard import clean


class Birth:
    """How a counter came to be shown.

    Attributes:
        before: the value that a scraper is shown first.
        created: Unix time of the first publication.
        born: the moment of the first look that met it; None until then.
    """

    __slots__ = ("before", "born", "created")

    def __init__(self, before: float, created: float) -> None:
        self.before = before
        self.created = created
        self.born: float | None = None


class _Published(NamedTuple):
    """One series; its birth if it is a counter of which it is known where it began."""

    metric: Metric
    labels: tuple[str, ...]
    value: float
    birth: Birth | None


class _Group(NamedTuple):
    store: tuple[str, str, str]
    series: tuple[_Published, ...]
    expires: float


class Groups:
    """The groups published now. Needs no lock: a group is replaced whole.

    Which groups a store has is kept beside them, or forgetting a store would look at all groups of
    all stores. A group that has disappeared stays listed until its store is forgotten: taking it
    out could meet with its return from another thread.

    Args:
        monotonic: seconds that only grow, for the age of groups.
        clock: Unix time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float], clock: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._clock = clock
        self._groups: dict[Hashable, _Group] = {}
        self._of_store: dict[tuple[str, str, str], set[Hashable]] = {}

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
        now = self._monotonic()
        previous = self._groups.get(group)
        births: dict[tuple[str, tuple[str, ...]], Birth] = {}
        if previous is not None and previous.expires > now:
            births = {(p.metric.name, p.labels): p.birth for p in previous.series if p.birth}

        def published(sample: Sample) -> _Published:
            labels = _labels(store, sample)
            birth = None
            if sample.before is not None and sample.metric.kind is Kind.COUNTER:
                # One that had disappeared is born again, with what it stood at before.
                birth = births.get((sample.metric.name, labels))
                birth = birth or Birth(sample.before, self._clock())
            return _Published(sample.metric, labels, sample.value, birth)

        expires = math.inf if ttl is None else now + ttl
        self._of_store.setdefault(store, set()).add(group)
        self._groups[group] = _Group(store, tuple(map(published, samples)), expires)

    def withdraw(self, group: Hashable) -> None:
        """Remove the series of a group, if there are any."""
        self._groups.pop(group, None)

    def forget(self, store: tuple[str, str, str]) -> None:
        """Remove all groups of a store, given by clean labels."""
        for group in self._of_store.pop(store, ()):
            published = self._groups.get(group)
            if published is not None and published.store == store:
                self._groups.pop(group, None)

    def series(self, look: Look) -> Iterator[tuple[Metric, tuple[str, ...], float, Birth | None]]:
        """Yield the series that have not expired, as one look shows them, and drop the others.

        Each is metric, labels, value, and its birth if it is a counter of which that is known.
        """
        now = self._monotonic()
        for group, published in list(self._groups.items()):
            if published.expires <= now:
                if self._groups.get(group) is published:  # and was not replaced just now
                    self._groups.pop(group, None)
                continue
            for metric, labels, value, birth in published.series:
                if birth is None:
                    yield metric, labels, value, None
                    continue
                birth.born, is_news = look.meet(birth.born)
                yield metric, labels, birth.before if is_news else value, birth

    def clear(self) -> None:
        """Remove everything."""
        self._groups.clear()
        self._of_store.clear()


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
