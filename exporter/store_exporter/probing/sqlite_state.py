"""Documents in a SQLite file, which processes of one host may share.

Whatever is wrong with the file, a new one is begun, because counters that start again are something
that Prometheus understands, and an exporter that does not start is not.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from .sql_state import DOCUMENTS, NOTES, VERSION, SqlState
from .state import StateError, StateUnavailableError, Told

T = TypeVar("T")

log = logging.getLogger(__name__)

FILE_NAME = "state.db"
LOCK_NAME = "state.lock"
KEPT_FILES = 3
"""Files that were set aside and are kept."""
BUSY_SECONDS = 5.0
"""How long a process waits for another one that writes."""
OPENING_SECONDS = 10.0
"""How long a process waits for another one that opens or replaces the file."""
_APPLICATION = 0x53746F45
_SCHEMA = (
    (
        f"CREATE TABLE {DOCUMENTS} "
        "(org TEXT NOT NULL, platform TEXT NOT NULL, domain TEXT NOT NULL, "
        "address TEXT NOT NULL, collector TEXT NOT NULL, key_checksum BLOB NOT NULL, "
        "used INTEGER NOT NULL, revision INTEGER NOT NULL, checksum BLOB NOT NULL, "
        "document BLOB NOT NULL, PRIMARY KEY (org, platform, domain, address, collector))"
    ),
    f"CREATE TABLE {NOTES} (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL)",
)
# The last one: a limit of the size of files (`ulimit -f`, LimitFSIZE=).
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_NOW = {
    sqlite3.SQLITE_BUSY: "another process uses it for long",
    sqlite3.SQLITE_LOCKED: "another process uses it for long",
    sqlite3.SQLITE_IOERR: "",
    sqlite3.SQLITE_CANTOPEN: "",
    sqlite3.SQLITE_READONLY: "",
    sqlite3.SQLITE_PERM: "",
    sqlite3.SQLITE_AUTH: "",
    sqlite3.SQLITE_NOMEM: "",
    sqlite3.SQLITE_PROTOCOL: "",
    sqlite3.SQLITE_INTERRUPT: "",
    sqlite3.SQLITE_NOLFS: "",
    sqlite3.SQLITE_FULL: "",
}
"""Errors that pass, and in which words where SQLite's own say too little. All else is damage."""


_Error = sqlite3.Error | UnicodeDecodeError
_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's module raises; the second one where its own words are made of damaged text."""


class SqliteState(SqlState):
    """A `Storage` in the file `state.db` of a folder.

    A crash leaves an old document or the new one. The whole file is examined when it is opened.

    Args:
        folder: where the file is; made if it is missing. It must be on this host's own disk.
        told: what is called when something was damaged and set aside, or is left behind.
        now: Unix time.
        alone: whether no other process may use the state meanwhile.

    Raises:
        StateError: the file belongs to another program, the folder cannot be written to, or
            somebody else uses the state while `alone` is asked for.
    """

    handle = "rowid"

    def __init__(
        self,
        folder: Path,
        *,
        told: Told | None = None,
        now: Callable[[], float] = time.time,
        alone: bool = False,
    ) -> None:
        super().__init__(told or Told(), now)
        self._folder = folder
        self._path = folder / FILE_NAME
        self._database: sqlite3.Connection | None = None
        self._lock = -1
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_part(alone=alone)
            self._open_or_begin()
        except _ERRORS as error:
            # A disk that is full now does not stop what needs no state; see `run`.
            log.error("%s", self._unavailable(error))
            self._close_file()
        except OSError as error:
            self.close()
            raise StateError(f"cannot use {self._path}: {error}") from error
        except StateError:
            self.close()
            raise

    def _take_part(self, *, alone: bool) -> None:
        """Show others that the state is in use, until it is closed."""
        self._lock = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{self._path} is in use; end the exporters or commands that use it first"
            raise StateError(message) from None

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let no other process open or replace the file meanwhile."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(folder)
            yield
        finally:
            os.close(folder)

    def _open_or_begin(self, damage: _Error | None = None) -> None:
        """Open the file, or a new one in the place of a damaged one.

        Args:
            damage: what was found in the file that has been open until now.
        """
        with self._in_turn():
            if damage is not None and self._is_current():
                self._set_file_aside(damage)
            elif self._database is not None and not self._path.exists():
                log.error("%s is gone; a new one is begun", self._path)
                self.told.lost()
            self._close_file()
            try:
                self._open()
            except _ERRORS as error:
                if _passes(error):
                    raise
                self._close_file()
                self._set_file_aside(error)
                self._open()

    def _open(self) -> None:
        if not self._path.exists():
            self._create()
        # The files that SQLite puts beside it are made with the permissions of this one.
        self._path.chmod(0o600)
        self._database = database = _connect(self._path)
        self._opened = _number(self._path)
        self._examine(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        self._within(self.verify)

    def _create(self) -> None:
        """Make the file, whole or not at all: one without anything in it is a damaged one."""
        for suffix in ("-wal", "-shm"):
            # Those of a file that is gone would be read into this one.
            self._path.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
        new = self._path.with_name(FILE_NAME + ".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        database = _connect(new)
        try:
            for statement in _SCHEMA:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {VERSION}")
        finally:
            database.close()
        new.replace(self._path)

    def _examine(self, database: sqlite3.Connection) -> None:
        """Look through the whole file.

        Raises:
            sqlite3.Error: it is damaged, or another version's.
            StateError: it is another program's.
        """
        schema = [row[0] for row in database.execute("SELECT sql FROM sqlite_schema") if row[0]]
        application, version = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
        if sorted(schema) != sorted(_SCHEMA):
            if application != _APPLICATION and schema:
                raise StateError(f"{self._path} belongs to another program; set state_directory")
            if application == _APPLICATION and version > VERSION:
                raise StateError(f"{self._path} was written by a newer version of store-exporter")
            raise sqlite3.DatabaseError(f"it is not as version {VERSION} makes it")
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)

    def _is_current(self) -> bool:
        try:
            return _number(self._path) == self._opened
        except OSError:
            return False

    def _set_file_aside(self, error: _Error) -> None:
        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = self._path.with_name(f"{FILE_NAME}.damaged-{stamp}")
        for suffix in ("-wal", "-shm", ""):
            part = self._path.with_name(FILE_NAME + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        log.error("the state file is damaged (%s); it is kept as %s", error, aside)
        self.told.lost()
        for old in sorted(self._folder.glob(f"{FILE_NAME}.damaged-*Z"))[:-KEPT_FILES]:
            for suffix in ("-wal", "-shm", ""):
                old.with_name(old.name + suffix).unlink(missing_ok=True)

    def run(self, work: Callable[[], T], *, write: bool = True) -> T:
        """Do some work in the file, as a whole or not at all.

        Raises:
            StateUnavailableError: it cannot be done now.
        """
        if self._lock < 0:
            raise StateUnavailableError("unavailable", "the state is closed")
        try:
            self._reopen_if_replaced()
            try:
                return self._within(work) if write else work()
            except _ERRORS as error:
                if _passes(error):
                    raise
                self._open_or_begin(error)
                return self._within(work)
        except (OSError, *_ERRORS) as error:
            raise self._unavailable(error) from error

    def _reopen_if_replaced(self) -> None:
        """Open the file anew where another process found it damaged and began a new one."""
        if self._database is None or not self._is_current():
            try:
                self._open_or_begin()
            except StateError as error:
                raise StateUnavailableError("unavailable", str(error)) from error

    def _within(self, work: Callable[[], T]) -> T:
        self.execute("BEGIN IMMEDIATE")
        try:
            found = work()
            self.execute("COMMIT")
        except BaseException:
            if self._database is not None and self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        return found

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement and return a cursor."""
        if self._database is None:
            raise StateUnavailableError("unavailable", "the state is closed")
        return self._database.execute(statement, values)

    def _unavailable(self, error: Exception) -> StateUnavailableError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or self._disk_is_full():
            return StateUnavailableError("full", f"the disk of {self._path} is full")
        why = _NOT_NOW.get(code) or str(error)
        return StateUnavailableError("unavailable", f"{self._path} cannot be used: {why}")

    def _disk_is_full(self) -> bool:
        """Tell whether nothing more can be written, which SQLite does not tell of a quota."""
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(bytes(64 * 1024))
                file.flush()
        except OSError as error:
            return error.errno in _FULL
        return False

    def _close_file(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def close(self) -> None:
        """Close the file."""
        self._close_file()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    # What is damaged is to be seen as it is.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


def _lock(file: int) -> None:
    """Take a lock, unless who has it keeps it for long: a process that was stopped, perhaps.

    Raises:
        TimeoutError: it does.
    """
    ends = time.monotonic() + OPENING_SECONDS
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                raise TimeoutError("another process does not come to an end opening it") from None
            time.sleep(0.02)


def _number(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _passes(error: _Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_NOW
