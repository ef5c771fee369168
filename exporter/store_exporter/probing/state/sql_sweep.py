"""Deletes documents that have not been used for a long time, if the clock can be trusted.

A clock is trusted after it has not jumped for a week. That is longer than a weekend, after which
somebody notices that a machine's clock is wrong, and long enough for every watched store to have
been read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from .sql_tables import COLUMNS, DOCUMENTS, SqlTables, is_whole
from .storage import KEPT_SECONDS, UNUSED_SECONDS, Key, StorageEvents

log = logging.getLogger(__name__)

BELIEVED_SECONDS = 7 * 86_400
"""Seconds without a jump of the clock before anything is deleted."""
_SWEEP_SECONDS = 3600
_BACKWARDS_SECONDS = 3600


class Sweep:
    """Deletes documents that were not used for 90 days, and counts the stores without use.

    Args:
        tables: the database.
        set_aside: renames a damaged row, which is not deleted.
        events: called with the number of stores whose documents were not used for two days.
        now: Unix time.
    """

    def __init__(
        self,
        tables: SqlTables,
        set_aside: Callable[[Sequence[Any]], None],
        events: StorageEvents,
        now: Callable[[], float],
    ) -> None:
        self._tables = tables
        self._set_aside = set_aside
        self._events = events
        self._now = now
        self._done = 0.0

    def if_due(self) -> None:
        """Sweep, at most once an hour."""
        if not 0 <= self._now() - self._done < _SWEEP_SECONDS:
            self._done = self._now()
            self._tables.tidy(self._sweep)

    def _sweep(self) -> None:
        now = int(self._now())
        since = self._evenly_since(now)
        self._events.left_behind(self._count_unused(now))
        if now - since < BELIEVED_SECONDS:
            return
        rows = self._tables.execute(
            f"SELECT {self._tables.handle}, {COLUMNS} FROM {DOCUMENTS} WHERE used < ? LIMIT 1000",
            (now - KEPT_SECONDS,),
        ).fetchall()
        for row in rows:
            if is_whole(row):
                statement = f"DELETE FROM {DOCUMENTS} WHERE {self._tables.handle} = ?"
                self._tables.execute(statement, (row[0],))
                log.info("forgot the state of %s: not used for 90 days", Key(*row[1:6]).identity)
            else:
                self._set_aside(row)

    def _evenly_since(self, now: int) -> int:
        """Return the Unix time of the clock's last jump, and save it with the current time."""
        seen, since = self._tables.note("clock seen"), self._tables.note("clock since")
        if seen is None or since is None:
            since = now
        elif not -_BACKWARDS_SECONDS <= now - seen < BELIEVED_SECONDS:
            log.warning(
                "the clock jumped by %d s since the state was used, unless nothing used it for so "
                "long; nothing old is deleted for a week",
                now - seen,
            )
            since = now
        self._tables.set_note("clock seen", now)
        self._tables.set_note("clock since", since)
        return since

    def _count_unused(self, now: int) -> int:
        # Documents without an address are not figures of a store.
        statement = (
            "SELECT count(*) FROM (SELECT DISTINCT org, platform, domain, address "
            f"FROM {DOCUMENTS} WHERE used < ? AND org <> '' AND address <> '') AS stores"
        )
        count: int = self._tables.execute(statement, (now - UNUSED_SECONDS,)).fetchone()[0]
        return count
