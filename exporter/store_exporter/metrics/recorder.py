"""The state of every metric, written to from any thread and read by every exposition."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from .addition import Addition, Planned, Totals
from .births import EVERYTHING, Look, Looks, nothing
from .blocks import in_order
from .catalogue import Metric, operations
from .families import Family, Sample
from .forks import reset_in_children
from .groups import Groups
from .guard import OTHER, Guard, Labels, Store, clean
from .handle import OperationHandle
from .histogram import Histogram, ascending
from .instruments import Instruments
from .operation_families import operation_families
from .own import OwnFigures
from .scrapers import Scraper, Scrapers
from .series import OperationSeries

if TYPE_CHECKING:
    from ..calls.book import CallBook


class Recorder:
    """Holds the state of every metric of one process.

    Args:
        clock: Unix time in seconds, for exemplars and created timestamps.
        monotonic: seconds of a monotonic clock, for the age of published and of new series.
        max_series: label sets of operations in all; the surplus is recorded as `other`.
        max_series_per_org: label sets of operations of one org.
        max_operations: operation names of one org, not counting those of the closed list and of
            decorated functions.
        buckets: upper bounds of the classic buckets of operation durations, in seconds; the
            catalogue's by default.
        native: whether to keep native histograms beside the classic ones.

    Attributes:
        stores: the handles of each store, by operation. Labels that are found here need no
            cleaning.
        trackers: the trackers that `track` has made for `with` blocks, by labels.
        scrapers: what has scraped it.
        nowhere: the handle for operations whose labels could not be determined; never exposed.
        before_look: called before each look, in the thread of the reader.

    Raises:
        ValueError: the buckets are not ascending, positive and finite, or a limit is not positive.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        max_series: int = 50_000,
        max_series_per_org: int = 10_000,
        max_operations: int = 100,
        buckets: tuple[float, ...] | None = None,
        native: bool = True,
    ) -> None:
        duration = operations.OPERATION_DURATION
        self._duration = replace(duration, buckets=ascending(buckets or duration.buckets))
        if min(max_series, max_series_per_org, max_operations) < 1:
            raise ValueError("the limits are at least 1")
        self._looks = Looks(monotonic)
        self.scrapers: Scrapers = Scrapers(monotonic)
        self._guard = Guard(max_series, max_series_per_org, max_operations)
        self._instruments = Instruments(native=native, clock=clock)
        self._own = OwnFigures(self._instruments, clock, monotonic)
        self._groups = Groups(monotonic, clock)
        series = partial(OperationSeries, clock=clock, broke=self.broke)
        self._series = series(self._guard, self._duration.buckets, native=native)
        self.stores: Mapping[Store, Mapping[str, OperationHandle]] = self._series.stores
        self.trackers: dict[Labels, Any] = self._series.trackers
        self._unseen = series(Guard(1, 1, 1), (), native=False)
        self._unseen.spans = False
        self.nowhere: OperationHandle = self._unseen.bind((OTHER, OTHER, OTHER, OTHER))
        self.before_look: Callable[[], None] = nothing
        reset_in_children(self)

    def __copy__(self) -> Recorder:
        return self

    def __deepcopy__(self, memo: object) -> Recorder:
        # Nothing would expose what a copy counts, such as that of settings with a tracker in them.
        return self

    def __reduce__(self) -> tuple[Callable[[], Recorder], tuple[()]]:
        if self is not _default.get("recorder"):
            raise TypeError("a recorder belongs to its process; only the default one is in each")
        return default, ()

    def operation(self, org: str, domain: str, platform: str, operation: str) -> OperationHandle:
        """Return the handle of this operation; the same labels always give the same handle.

        Labels are cleaned and limits are applied only here, never when a call is recorded.
        """
        labels = (org, domain, platform, operation)
        return self._series.find(labels) or self._series.bind(labels)

    def totals(self, handle: OperationHandle) -> Totals:
        """Return the totals of a series."""
        return self._series.totals(handle)

    def add(
        self, handle: OperationHandle, addition: Addition, planned: Planned | None = None
    ) -> None:
        """Count operations that began and ended elsewhere, all of them at the same moment.

        Args:
            handle: the series.
            addition: what they add.
            planned: the result of `totals` before, and the same plus the addition, which saves
                computing it again. Without it, the operations are added up at the next look.
        """
        self._series.add(handle, addition, planned)

    def restore(self, labels: Labels, totals: Totals, *, scraped: bool) -> None:
        """Start a series with the totals of an earlier process, unless it has started already.

        Args:
            labels: org, domain, platform and operation.
            totals: the totals in the earlier process.
            scraped: whether a scraper has read the series; if not, it starts at zero.
        """
        self._series.restore(labels, totals, scraped=scraped)

    def no_durations(self) -> Histogram:
        """Return an empty histogram with this recorder's buckets."""
        return self._series.empty

    @property
    def calls(self) -> CallBook | None:
        """The book of recent calls, if they are shown anywhere; otherwise None."""
        return self._series.calls

    @calls.setter
    def calls(self, book: CallBook | None) -> None:
        self._series.calls = book

    @property
    def spans(self) -> bool:
        """Whether operations open spans, if the application has set a tracer provider."""
        return self._series.spans

    @spans.setter
    def spans(self, on: bool) -> None:
        self._series.spans = on

    def register_operation(self, operation: str) -> None:
        """Exempt a name that is fixed in the code from the limit of operation names."""
        self._guard.register(operation)

    def inc(self, metric: Metric, labels: tuple[str, ...] = (), amount: float = 1) -> None:
        """Add to a counter.

        Raises:
            ValueError: not a counter, the wrong number of labels, or not a finite amount >= 0.
        """
        self._instruments.inc(metric, labels, amount)

    def set(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Set a gauge or an info metric.

        Raises:
            ValueError: not a gauge, or the wrong number of labels.
        """
        self._instruments.set(metric, labels, value)

    def observe(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Add an observation to a histogram that is not on a hot path.

        Raises:
            ValueError: not a histogram, the wrong number of labels, or not a finite value >= 0.
        """
        self._instruments.observe(metric, labels, value)

    def publish(
        self,
        group: Hashable,
        labels: tuple[str, str, str],
        samples: Iterable[Sample],
        *,
        ttl: float | None = None,
    ) -> None:
        """Replace all series of a group, such as one probe of one store.

        Args:
            group: identifies the group; any hashable value.
            labels: org, domain and platform of the store.
            samples: the group's figures; without any, the group is empty.
            ttl: seconds after which the series disappear unless they are published again.

        Raises:
            ValueError: a sample's labels are not those of its metric, or it is a histogram's.
        """
        self._groups.publish(group, labels, samples, ttl)

    def withdraw(self, group: Hashable) -> None:
        """Remove the series of a group, if there are any."""
        self._groups.withdraw(group)

    def forget(self, labels: tuple[str, str, str], *, operations: bool = True) -> None:
        """Remove all series of one store.

        Args:
            labels: org, domain and platform.
            operations: whether to remove the series of its operations, too: these are reported by
                applications, whichever exporter watches the store.
        """
        store = (clean(labels[0]), clean(labels[1]), clean(labels[2]))
        self._instruments.forget(store)
        self._groups.forget(store)
        if operations:
            self._series.forget(store)

    def broke(self, stage: str, error: BaseException | None = None, operation: str = "") -> None:
        """Count a failure of the instrumentation itself, by one of `complaints.STAGES`, and log it.

        The logger `store_exporter` logs at most one line a minute for each kind. It names the kind
        and the place of the error but not its message, which may contain anything, except for a
        `MisuseError`.
        """
        self._own.broke(stage, error, operation)

    def families(self) -> Iterator[Family]:
        """Yield every metric that has series, in the catalogue's order, as of this moment."""
        yield from self.look(EVERYTHING).families

    def scrape(self, scraper: Scraper) -> Look:
        """Take a look for a scraper: series that are new since its last one are at zero.

        Call `complete` when the scraper has received all of it, and only then.
        """
        known = self.scrapers.find(scraper)
        look = self.look(known.known_until)
        known.shown_until = max(known.shown_until, look.known_until)
        look.complete = partial(self.scrapers.complete, known, look)
        return look

    def look(self, known_until: float | None) -> Look:
        """Take a look for a scraper that stores the time of its last look itself.

        Args:
            known_until: the `moment` of its last complete look; None for its first look, and
                `births.EVERYTHING` for all real values.
        """
        self.before_look()
        return self._looks.lock.run(self._look, known_until)

    def _look(self, known_until: float | None) -> Look:
        look = self._looks.begin(known_until)
        own = operation_families(self._series.snapshot(look), self._duration)
        found = self._instruments.snapshot(look)
        published, before = self._groups.snapshot(look)
        for name, blocks in published.items():
            found[name] = [*found.get(name, ()), *blocks]
        found |= {block.metric.name: [block] for block in self._own.blocks(look, self._series)}
        look.families = in_order(own, found, before)
        return look

    def last_look(self, timeout: float) -> bool:
        """Wait, at the end of a process, until every scraper has received everything.

        Args:
            timeout: seconds to wait at most. Two scrape intervals are always enough.

        Returns:
            Whether every active scraper, and at least one, has received everything that was counted
            before.
        """
        return self.scrapers.wait(timeout)

    def reset(self) -> None:
        """Drop all state in a forked child: everything counted so far belongs to its parent."""
        self._looks.renew_lock()
        self.scrapers.reset()
        self._instruments.reset()
        self._groups.clear()
        self._series.reset()
        self._unseen.reset()
        self._own.begin()


_default: dict[str, Recorder] = {}


def default() -> Recorder:
    """Return the default recorder of this process."""
    # No lock, because a fork could leave it locked. If two threads come first, one of them wins.
    return _default.get("recorder") or _default.setdefault("recorder", Recorder())
