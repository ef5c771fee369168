"""Counts reported batches: each is saved first and then shown, as a whole or not at all.

Batches that come while another one is saved share the next transaction, and so the wait for the
disk. Scrapers are shown only what is saved already, so that no total ever falls.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TypeVar

from ..metrics.addition import MOST, Addition, Totals
from ..metrics.guard import Labels
from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder
from ..turns import in_turns
from .growth import Growth
from .ledger import MarkKey, ReportLedger
from .ledger_file import LedgerError

log = logging.getLogger(__name__)

_GROUP = 64
_NAMED = 5


Store = tuple[str, str, str]
"""Org, domain and platform of a store."""

T = TypeVar("T")


@dataclass(slots=True)
class Effect:
    """The effect of a batch.

    Attributes:
        additions: what it adds to series, by org, domain, platform and operation.
        notes: what is remembered about it.
    """

    additions: dict[Labels, Addition] = field(default_factory=dict)
    notes: dict[MarkKey, str] = field(default_factory=dict)


Decide = Callable[[Mapping[MarkKey, str]], Awaitable[Effect]]
"""Returns the effect of a batch, given the notes of the keys that it named."""


class TooMuchError(Exception):
    """A batch would raise a series above the highest count; the message says so."""


class _Waiting(NamedTuple):
    keys: tuple[MarkKey, ...]
    decide: Decide
    done: asyncio.Future[None]


class _BatchGroup:
    """Batches that are saved together, added up."""

    def __init__(self, known: dict[MarkKey, str]) -> None:
        self.known = known
        self.notes: dict[MarkKey, str] = {}
        self.additions: dict[OperationHandle, Addition] = {}
        # Upper bound of the counts and sums of seconds of these series, with their additions.
        self.sizes: dict[OperationHandle, float] = {}
        self.totals: dict[OperationHandle, tuple[Totals, Totals]] = {}
        self.decided: list[_Waiting] = []


class Intake:
    """Counts batches one after the other.

    Args:
        open_ledger: opens the file where batches are saved; `close` closes it.
        clock: Unix time.

    Attributes:
        stores: org, domain and platform of the stores that have series.
    """

    def __init__(
        self,
        recorder: Recorder,
        open_ledger: Callable[[], ReportLedger],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._recorder = recorder
        self._open = open_ledger
        self._ledger: ReportLedger | None = None
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self._waiting: list[_Waiting] = []
        self._flushing: asyncio.Task[None] | None = None
        self._failing = False
        self._growth = Growth(recorder)
        self._touched: set[OperationHandle] = set()
        self.stores: frozenset[Store] = frozenset()

    def restore(self) -> None:
        """Show what an earlier process counted. Blocks; call it before anything is shown.

        If several exporters share a folder, the first one takes reports. Another one takes over
        when a report reaches it after the first has ended. An exporter whose disk is full or does
        not respond also starts without the file, and tries again when reports come.

        Raises:
            LedgerError: the file cannot be used.
        """
        try:
            self._ledger = self._open()
        except LedgerError as error:
            if not error.passing:
                raise
            log.warning("%s; this one refuses reports meanwhile", error)
            return
        saved = self._ledger.load()
        for series in saved:
            self._recorder.restore(series.labels, series.totals, scraped=series.seen)
        self._growth.restore(saved)
        self.stores = frozenset(series.labels[:3] for series in saved)

    def forget(self, stores: Collection[Store]) -> None:
        """Remove stores that can no longer be reported from the shown and the saved series.

        The series of a store that comes back start from zero.
        """
        if not stores:
            return
        log.info(
            "operations reported for %d removed stores are no longer shown",
            len(stores),
            extra={"stores": ", ".join(sorted(domain for _, domain, _ in stores)[:_NAMED])},
        )
        self.stores -= frozenset(stores)
        for store in stores:
            self._recorder.forget(store)
        if (ledger := self._ledger) is not None:
            self._thread.submit(_forget, ledger, stores)

    def _held(self) -> ReportLedger:
        """Return the file; one left by another process is taken over without its totals."""
        if self._ledger is None:
            ledger = self._open()
            ledger.forget_totals()
            self._ledger = ledger
        return self._ledger

    async def count(self, keys: tuple[MarkKey, ...], decide: Decide) -> None:
        """Count a batch, and return when it is saved and counted.

        Args:
            keys: the keys whose notes `decide` needs.
            decide: returns the effect of the batch; called once, in the order of batches.

        Raises:
            LedgerError: the batch cannot be saved, and nothing of it is counted.
            TooMuchError: a series cannot count so much, and nothing of the batch is counted.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(keys, decide, done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def close(self) -> None:
        """Count the waiting batches and close the file."""
        if self._flushing is not None:
            await self._flushing
        unseen = {handle.labels for handle in self._touched if not handle.scraped}
        if (ledger := self._ledger) is not None:
            await self._in_thread(partial(ledger.close, unseen, self._growth.rows_behind()))
        self._thread.shutdown(wait=False)

    async def _flush(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            try:
                await self._count(waiting)
                self._note(None)
            except Exception as error:  # noqa: BLE001 - raised where each batch is waited for
                self._note(error)
                for _, _, done in waiting:
                    if not done.done():
                        done.set_exception(error)

    def _note(self, error: Exception | None) -> None:
        """Log when reports can no longer be saved, and when they can again."""
        if error is not None and not self._failing:
            log.error("reported operations cannot be saved: %s", error)
        elif error is None and self._failing:
            log.info("reported operations can be saved again")
        self._failing = error is not None

    async def _count(self, waiting: list[_Waiting]) -> None:
        ledger = await self._in_thread(self._held) if self._ledger is None else self._ledger
        keys = {key for batch in waiting for key in batch.keys}
        group = _BatchGroup(await self._known(ledger, keys))
        async for batch in in_turns(waiting):
            await self._decide(batch, group)
        if group.notes or group.additions:
            await self._save(ledger, group)
            async for handle, addition in in_turns(group.additions.items()):
                self._recorder.add(handle, addition, group.totals.get(handle))
            self._touched.update(group.additions)
            if new := {handle.labels[:3] for handle in group.additions} - self.stores:
                self.stores |= new
        for batch in group.decided:
            if not batch.done.done():
                batch.done.set_result(None)

    async def _known(self, ledger: ReportLedger, keys: Iterable[MarkKey]) -> dict[MarkKey, str]:
        """Return the notes of these keys. They are in memory, so a thread would cost more."""
        known: dict[MarkKey, str] = {}
        async for key in in_turns(keys):
            if (note := ledger.note(key)) is not None:
                known[key] = note
        return known

    async def _save(self, ledger: ReportLedger, group: _BatchGroup) -> None:
        """Save the totals that series will have.

        If a store is removed and added again meanwhile, its series start from zero and are saved
        again. Otherwise a restart would bring back totals that are no longer shown.
        """
        growing, notes = group.additions, group.notes
        while notes or growing:
            number = ledger.next_save
            plan = await self._growth.plan(growing, number, self._clock())
            await self._in_thread(partial(ledger.save, plan.rows, notes, plan.added))
            self._growth.saved(plan, growing, group.sizes, number)
            group.totals |= plan.totals
            # A series that restarted, for example, has changed since it was planned.
            growing = {
                handle: addition
                for handle, addition in growing.items()
                if handle.standing != plan.before[handle]
            }
            notes = {}

    async def _decide(self, batch: _Waiting, group: _BatchGroup) -> None:
        try:
            effect = await batch.decide(group.known)
            additions = await self._fitting(effect, group)
        except Exception as error:  # noqa: BLE001 - raised where the batch is waited for
            if not batch.done.done():  # nobody waits any more if the sender is gone
                batch.done.set_exception(error)
            return
        for handle, addition in additions:
            known = group.additions.setdefault(handle, addition)
            if known is not addition:
                known.merge(addition)
        group.known.update(effect.notes)
        group.notes.update(effect.notes)
        group.decided.append(batch)

    async def _fitting(
        self, effect: Effect, group: _BatchGroup
    ) -> list[tuple[OperationHandle, Addition]]:
        """Return the additions of a batch, by series, or raise `TooMuchError`.

        An addition of one sender must break neither those saved with it nor the shown series.
        """
        found: dict[OperationHandle, Addition] = {}
        for labels, addition in effect.additions.items():
            handle = self._recorder.operation(*labels)
            known = found.setdefault(handle, addition)
            if known is not addition:
                known.merge(addition)
        sizes: dict[OperationHandle, float] = {}
        async for handle, addition in in_turns(found.items()):
            size = group.sizes.get(handle)
            sizes[handle] = (self._growth.size(handle) if size is None else size) + addition.size
            if sizes[handle] > MOST:
                raise TooMuchError("a series would count more than 2**53 calls or seconds")
        group.sizes |= sizes
        return list(found.items())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _forget(ledger: ReportLedger, stores: Collection[Store]) -> None:
    try:
        ledger.forget(stores)
    except LedgerError as error:
        log.error("operations reported for removed stores stay saved for now: %s", error)
