"""The file of reported operations: the totals of each series, and the batches counted in them.

Both change in one transaction. So however the process ends, a batch is counted as a whole or not at
all, and a sender that repeats it learns which. Everything here except `note` blocks; `intake` runs
it in a thread of its own. docs/architecture/ingest.md says what is lost if the machine itself
stops.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .. import sqlite
from ..metrics.guard import Labels
from ..metrics.histogram import Histogram
from .ledger_file import FILE_NAME, SAVES_NAME, drop_totals, newest, opened, unusable
from .saved import AddedRow, Row, SavedSeries, added_text, additions, grown, totals

log = logging.getLogger(__name__)

MOST_MARKS = 50_000
"""Most marks of one org and kind that are kept; the oldest are deleted first."""
MOST_SERIES = 200_000
"""Most series that are kept; those saved longest ago, by number of save, are deleted first."""
MOST_ADDED = 16
"""Most saves whose additions are kept; after them the totals of the series must be saved."""
_TRIM_AFTER = 256
_FORGET_SERIES = """
DELETE FROM series WHERE saved <= (
    SELECT saved FROM series ORDER BY saved DESC LIMIT 1 OFFSET ?
)
"""
_SAVE_SERIES = "REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET = """
DELETE FROM marks WHERE org = :org AND kind = :kind AND number <= (
    SELECT number FROM marks WHERE org = :org AND kind = :kind
    ORDER BY number DESC LIMIT 1 OFFSET :most
)
"""


class MarkKey(NamedTuple):
    """The key of a saved note about a batch or a stream of an org."""

    org: str
    kind: str
    id: str


class ReportLedger:
    """The file, held by one process, in a folder that is made if it is missing.

    What could not be saved as a whole is not saved at all.

    Args:
        holder: names this process among those that use the folder, the same after a restart. Totals
            that another holder saved start from zero, because to scrapers its series are different
            ones.
        empty: a histogram without observations, as the recorder keeps them.
        lost: called when what the file held is lost.
        now: Unix time.

    Raises:
        LedgerError: the folder cannot be written to, another process holds the file, or the disk
            fails.
    """

    def __init__(
        self,
        folder: Path,
        *,
        holder: str,
        empty: Histogram,
        lost: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = folder / FILE_NAME
        self._empty = empty
        self._lost = lost
        self._saves = 0
        self._number = sqlite.SaveNumber(folder / SAVES_NAME)
        self._untrimmed: dict[tuple[str, str], int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = opened(
                self._path, holder=holder, saves=self._number, lost=lost, now=now
            )
        except (OSError, *sqlite.ERRORS) as error:
            raise unusable(self._path, error) from error

    def load(self) -> list[SavedSeries]:
        """Return the series that an earlier process left.

        Raises:
            LedgerError: the file cannot be read.
        """
        with self._using():
            self._database.execute(_FORGET_SERIES, (MOST_SERIES,))
            self._saves = newest(self._database)
            found = self._grown()
            # After a crash nobody will know what scrapers have received since; see `close`.
            self._database.execute("UPDATE series SET seen = 1 WHERE seen = 0")
        return found

    def forget_totals(self) -> None:
        """Restart all series from zero; the remembered batches stay.

        Raises:
            LedgerError: the file cannot be written.
        """
        with self._using(), self._fewer_saves():
            drop_totals(self._database)

    def forget(self, stores: Iterable[tuple[str, str, str]]) -> None:
        """Forget the totals of stores (org, domain, platform); the remembered batches stay.

        Raises:
            LedgerError: the file cannot be written.
        """
        query = "DELETE FROM series WHERE org = ? AND domain = ? AND platform = ?"
        with self._using(), self._fewer_saves():
            self._database.executemany(query, stores)

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Turn the exceptions of the database in the block into a `LedgerError`."""
        try:
            yield
        except sqlite.ERRORS as error:
            raise unusable(self._path, error) from error

    @contextmanager
    def _fewer_saves(self) -> Iterator[None]:
        """Run the block as one transaction, after which the file may lack the last save's number.

        Until it ends, the number beside the file is 0, so that the file never looks too old.
        """
        self._number.write(0)
        with sqlite.transaction(self._database):
            yield
        self._number.write(newest(self._database))

    def _series(self) -> Iterator[tuple[SavedSeries, int]]:
        """Yield each series with its saved totals, and the number of the save that wrote them."""
        query = "SELECT org, domain, platform, operation, totals, seen, saved FROM series"
        for org, domain, platform, operation, text, seen, saved in self._database.execute(query):
            try:
                found = totals(json.loads(text), self._empty)
            except (ValueError, TypeError, OverflowError):
                message = "the reported %s operations of %s cannot be read; they restart from zero"
                log.error(message, operation, domain)
                self._lost()
            else:
                yield SavedSeries((org, domain, platform, operation), found, bool(seen)), saved

    def _grown(self) -> list[SavedSeries]:
        saved = {series.labels: (series, number) for series, number in self._series()}
        found = {labels: series for labels, (series, _) in saved.items()}
        query = "SELECT number, additions FROM added ORDER BY number"
        try:
            for number, text in self._database.execute(query):
                for labels, addition in additions(text):
                    # Totals that were saved later include it; forgotten stores are not there.
                    if labels in saved and saved[labels][1] < number:
                        series = found[labels]
                        found[labels] = series._replace(
                            totals=grown(series.totals, addition), behind=series.behind or number
                        )
        except (ValueError, TypeError, OverflowError):
            log.error("reported operations cannot be read; they restart from zero")
            self._lost()
            self.forget_totals()
            return []
        return list(found.values())

    def note(self, key: MarkKey) -> str | None:
        """Return the note of a key; None if it is not known.

        Takes some 10 µs: pages that were used are kept in memory.

        Raises:
            LedgerError: the file cannot be read.
        """
        query = "SELECT note FROM marks WHERE org = ? AND kind = ? AND id = ?"
        try:  # as `_using`, which would take a tenth of the time
            found = self._database.execute(query, key).fetchone()
        except sqlite.ERRORS as error:
            raise unusable(self._path, error) from error
        return None if found is None else found[0]

    @property
    def next_save(self) -> int:
        """The number of the transaction that saves totals next."""
        return self._saves + 1

    def save(
        self,
        rows: Collection[Row],
        notes: Mapping[MarkKey, str],
        added: Sequence[AddedRow] = (),
    ) -> None:
        """Save the totals of series and the batches to remember, in one transaction.

        Args:
            rows: from `saved.row`. They include all series to which anything was added `MOST_ADDED`
                saves ago and whose totals were not saved since.
            notes: the notes of batches and streams.
            added: from `saved.added_row`, for series whose totals are saved.

        Raises:
            LedgerError: the file cannot be written, and nothing was saved.
        """
        number = self.next_save
        with self._using(), sqlite.transaction(self._database):
            self._database.executemany(_SAVE_SERIES, [(*row, 1, number) for row in rows])
            if added:
                values = (number, added_text(added))
                self._database.execute("REPLACE INTO added VALUES (?, ?)", values)
            oldest = number - MOST_ADDED
            self._database.execute("DELETE FROM added WHERE number <= ?", (oldest,))
            self._database.executemany(
                "REPLACE INTO marks (org, kind, id, note) VALUES (?, ?, ?, ?)",
                [(*key, note) for key, note in notes.items()],
            )
            self._trim(notes)
        if rows or added:
            self._saves = number
            self._number.write(number)

    def _trim(self, keys: Iterable[MarkKey]) -> None:
        for org, kind, _ in keys:
            count = self._untrimmed.get((org, kind), 0) + 1
            if count >= _TRIM_AFTER:
                count = 0
                most = {"org": org, "kind": kind, "most": MOST_MARKS}
                self._database.execute(_FORGET, most)
            self._untrimmed[org, kind] = count

    def close(self, unseen: Collection[Labels] = (), rows: Collection[Row] = ()) -> None:
        """Close the file and release it.

        Args:
            unseen: series that no scraper has received; the next process shows them at zero first.
                After a crash nobody knows which these are, and all count as received: Prometheus
                then misses what the others held, but counts nothing twice.
            rows: from `saved.row`, for all series to which something was added since their totals
                were saved.
        """
        number = self.next_save
        query = (
            "UPDATE series SET seen = 0 "
            "WHERE org = ? AND domain = ? AND platform = ? AND operation = ?"
        )
        try:
            self._database.execute("PRAGMA synchronous = FULL")
            with self._fewer_saves():
                self._database.executemany(_SAVE_SERIES, [(*row, 1, number) for row in rows])
                self._database.execute("DELETE FROM added")
                self._database.executemany(query, list(unseen))
                self._database.execute("UPDATE holder SET clean = 1")
        except sqlite.ERRORS as error:
            log.error("cannot save which series nobody has scraped: %s", error)
        self._database.close()
