"""Collects imported calls in any order, and yields them by series and time, in a SQLite file.

Memory does not grow with the number of rows; each takes some 100 bytes on the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from .calls import ImportedCall

SLOT = 900
"""Seconds of a slot, whose calls are added up. Each time zone's offset is a multiple of it."""

CallCell = tuple[int, int, int, int, float]
"""Series, slot, bucket, calls and seconds."""
ErrorCell = tuple[int, int, int, int]
"""Series, error, slot and calls."""

_CELLS = """
CREATE TABLE cells AS
SELECT series, CAST(at / ? AS INTEGER) AS slot, bucket, error,
       count(*) AS calls, sum(seconds) AS seconds
FROM calls GROUP BY series, slot, bucket, error
"""
_CALLS = """
SELECT series, slot, bucket, sum(calls), sum(seconds) FROM cells
WHERE slot >= ? AND slot < ? GROUP BY series, slot, bucket ORDER BY series, slot, bucket
"""
_ERRORS = """
SELECT series, error, slot, sum(calls) FROM cells
WHERE slot >= ? AND slot < ? AND error IS NOT NULL
GROUP BY series, error, slot ORDER BY series, error, slot
"""


class CallLedger:
    """Adds up calls in a database, whose file must not exist yet."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        # The file is useless after a crash, so nothing is synchronised and there is no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(
            "CREATE TABLE calls (id TEXT UNIQUE, series INTEGER, at REAL, bucket INTEGER, "
            "error INTEGER, seconds REAL)"
        )
        self._database.execute("BEGIN")

    def add(self, calls: Sequence[ImportedCall]) -> int:
        """Add calls and return how many were new; calls with the same id are counted once."""
        insert = "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?)"
        return self._database.executemany(insert, calls).rowcount

    def finish(self) -> tuple[int, int] | None:
        """Add up all calls; return the first and the last slot, or None if there are no calls."""
        self._database.execute(_CELLS, (SLOT,))
        self._database.execute("CREATE INDEX by_slot ON cells (slot)")
        self._database.execute("COMMIT")
        first, last = self._database.execute("SELECT min(slot), max(slot) FROM cells").fetchone()
        return None if first is None else (first, last)

    def calls(self, slots: range) -> Iterator[CallCell]:
        """Yield series, slot, bucket, calls and seconds of the slots, in this order."""
        yield from self._database.execute(_CALLS, (slots.start, slots.stop))

    def errors(self, slots: range) -> Iterator[ErrorCell]:
        """Yield series, error, slot and calls of the slots, in this order."""
        yield from self._database.execute(_ERRORS, (slots.start, slots.stop))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
