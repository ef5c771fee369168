"""Leases in two tables of a database, and in a SQLite file for the processes of one host.

Leases are of no use after the processes have ended. So writes are not synced to the disk, and a
damaged file is replaced.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ... import sqlite
from .leases import Heartbeat, Labels, LeaseError
from .shared_file import SharedFile

T = TypeVar("T")

log = logging.getLogger(__name__)

FILE_NAME = "leases.db"
LOCKS = "holders"
HOLDERS = "exporter_holders"
LEASES = "exporter_leases"
_COLUMNS = (
    "org text NOT NULL, domain text NOT NULL, platform text NOT NULL, holder text NOT NULL, "
    "report text NOT NULL, PRIMARY KEY (org, domain, platform)"
)
SCHEMA = (
    f"CREATE TABLE IF NOT EXISTS {HOLDERS} (id text PRIMARY KEY, beat bigint NOT NULL)",
    f"CREATE TABLE IF NOT EXISTS {LEASES} ({_COLUMNS})",
)
_BUSY_SECONDS = 2.0
_STUCK_SECONDS = 2.0
"""Seconds for which another process may hold the file's lock before a copy of the file replaces it.
No write waits for the disk, so a process that takes longer hangs."""
_ATTEMPTS = 3
_THIS = "org = ? AND domain = ? AND platform = ?"


class SqlLeases(ABC):
    """Leases and holders in two tables that all processes share. Every call blocks.

    Each method raises `LeaseError`.

    Attributes:
        id: identifies this process among the holders; random, so no two processes share it.
    """

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self._held: frozenset[Labels] = frozenset()

    @abstractmethod
    def run(self, work: Callable[[], T]) -> T:
        """Do some work in one transaction and return its result.

        Raises:
            LeaseError: it is not possible now.
        """

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement, with `?` for values, and return a cursor."""

    @abstractmethod
    def close(self) -> None:
        """Close the database."""

    def is_dead(self, _holder: str) -> bool:
        """Return whether a holder is known to have ended."""
        return False

    def beat(
        self, wanted: Collection[Labels], gone: Mapping[str, int], reports: Mapping[Labels, str]
    ) -> Heartbeat:
        """Count a beat of this process, release leases that are not wanted and take free ones.

        Args:
            wanted: stores that this process would watch.
            gone: holders that are treated as gone, unless their count is higher than this.
            reports: reports about held stores for the other processes.
        """
        return self.run(lambda: self._beat(frozenset(wanted), gone, reports))

    def _beat(
        self, wanted: frozenset[Labels], gone: Mapping[str, int], reports: Mapping[Labels, str]
    ) -> Heartbeat:
        others = self._others(gone)
        if wanted != self._held or self._count() != len(self._held):
            self._held = self._claim(wanted)
        for labels in sorted(self._held & reports.keys()):
            statement = f"UPDATE {LEASES} SET report = ? WHERE {_THIS}"
            self.execute(statement, (reports[labels], *labels))
        return Heartbeat(self._held, others)

    def _count(self) -> int:
        """Return how many leases this process has.

        If the number has not changed, they are the same ones: no other process adds any, and one
        that treats this process as gone deletes all of them. Reading ten thousand rows instead
        would let this thread take the interpreter lock from the event loop ten thousand times.
        """
        statement = f"SELECT count(*) FROM {LEASES} WHERE holder = ?"
        count: int = self.execute(statement, (self.id,)).fetchone()[0]
        return count

    def _claim(self, wanted: frozenset[Labels]) -> frozenset[Labels]:
        """Release leases that are not wanted, take free ones, and return those held then."""
        holders: dict[Labels, str] = {
            (org, domain, platform): holder
            for org, domain, platform, holder in self.execute(
                f"SELECT org, domain, platform, holder FROM {LEASES}"
            ).fetchall()
        }
        mine = {labels for labels, holder in holders.items() if holder == self.id}
        for labels in mine - wanted:
            self.execute(f"DELETE FROM {LEASES} WHERE {_THIS}", labels)
        # All processes use the same order, so that no two wait for each other.
        taken = filter(self._acquire, sorted(wanted - holders.keys()))
        return frozenset((mine & wanted).union(taken))

    def _others(self, gone: Mapping[str, int]) -> dict[str, int]:
        """Count a beat of this process, delete holders that are gone, and return other counts."""
        beaten = self.execute(f"UPDATE {HOLDERS} SET beat = beat + 1 WHERE id = ?", (self.id,))
        if not beaten.rowcount:
            self.execute(f"INSERT INTO {HOLDERS} VALUES (?, 0)", (self.id,))
        statement = f"SELECT id, beat FROM {HOLDERS} WHERE id <> ? ORDER BY id"
        others: dict[str, int] = dict(self.execute(statement, (self.id,)).fetchall())
        for holder, count in list(others.items()):
            if gone.get(holder) != count and not self.is_dead(holder):
                continue
            # A holder that has beaten while this transaction waited for its turn stays.
            statement = f"DELETE FROM {HOLDERS} WHERE id = ? AND beat = ?"
            if self.execute(statement, (holder, count)).rowcount:
                self.execute(f"DELETE FROM {LEASES} WHERE holder = ?", (holder,))
                del others[holder]
        return others

    def _acquire(self, labels: Labels) -> bool:
        done = self.execute(
            f"INSERT INTO {LEASES} VALUES (?, ?, ?, ?, '') ON CONFLICT DO NOTHING",
            (*labels, self.id),
        )
        return bool(done.rowcount)

    def reports(self, org: str) -> Mapping[Labels, str]:
        """Return the reports of the holders about an org's stores."""
        statement = f"SELECT org, domain, platform, report FROM {LEASES} WHERE org = ?"
        rows = self.run(lambda: self.execute(statement, (org,)).fetchall())
        return {(org, domain, platform): text for org, domain, platform, text in rows if text}

    def leave(self) -> None:
        """Release all leases."""

        def work() -> None:
            for table, column in ((LEASES, "holder"), (HOLDERS, "id")):
                self.execute(f"DELETE FROM {table} WHERE {column} = ?", (self.id,))

        self.run(work)


class SqliteLeases(SqlLeases):
    """Leases in a SQLite file of a folder, which must exist and be writable.

    Each process also locks a file of its own, which the kernel releases however the process ends.

    Raises:
        LeaseError: the folder is not writable.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / FILE_NAME
        self._locks = folder / LOCKS
        self._file = SharedFile(self._path, _STUCK_SECONDS)
        self._lock = -1
        try:
            self._locks.mkdir(mode=0o700, exist_ok=True)
            self._lock = _locked(self._locks / self.id, os.O_CREAT)
        except OSError as error:
            raise LeaseError(f"cannot use {self._locks}: {error}") from error

    def run(self, work: Callable[[], T]) -> T:
        """Do some work in one transaction and return its result; replace a damaged file.

        Raises:
            LeaseError: it is not possible now.
        """
        for left in reversed(range(_ATTEMPTS)):
            try:
                return self._within(work)
            except (OSError, *sqlite.ERRORS) as error:
                if not (left and self._recovered(error)):
                    self._file.close()
                    raise LeaseError(f"{self._path} cannot be used: {error}") from error
        raise AssertionError("the last attempt returns or raises")

    def _recovered(self, error: Exception) -> bool:
        """Prepare another attempt after an error; return whether it may succeed."""
        if sqlite.is_in_use(error) and self._file.is_open:
            self._file.replace_if_stuck()
            return True
        self._file.close()
        if not sqlite.is_damage(error):
            return False
        log.warning("%s is damaged (%s); a new file is created", self._path, error)
        with sqlite.in_turn(self._path.parent):
            sqlite.remove(self._path)
        return True

    def _within(self, work: Callable[[], T]) -> T:
        with sqlite.transaction(self._current()):
            done = work()
        self._file.written()
        return done

    def _current(self) -> sqlite3.Connection:
        # Another process may have replaced a damaged or locked file.
        if self._file.is_current:
            return self._file.connection
        self._file.close()
        with sqlite.in_turn(self._path.parent):
            database = sqlite.connect(self._path, wait=_BUSY_SECONDS)
            try:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = OFF")
                for statement in SCHEMA:
                    database.execute(statement)
            except BaseException:
                database.close()
                raise
            self._file.hold(database)
        return database

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement and return a cursor."""
        return self._file.connection.execute(statement, values)

    def is_dead(self, holder: str) -> bool:
        """Return whether a holder's lock is free; delete its file then."""
        try:
            os.close(_locked(self._locks / holder))
            (self._locks / holder).unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the file and release the lock."""
        self._file.close()
        if self._lock >= 0:
            (self._locks / self.id).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1


def _locked(path: Path, flags: int = 0) -> int:
    """Open and lock a file; OSError if another process has the lock."""
    descriptor = os.open(path, os.O_RDWR | flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
