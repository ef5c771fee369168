"""Documents in a SQLite file, which processes of one host may share."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ... import sqlite
from ...metrics.catalogue.values import StateErrorReason
from . import sqlite_file
from .shared_file import SharedFile
from .sql_state import SqlState
from .sqlite_file import FILE_NAME
from .storage import StateError, StateUnavailableError, StorageEvents

T = TypeVar("T")

log = logging.getLogger(__name__)

LOCK_NAME = "state.lock"
SAVES_NAME = "state.saves"
LOST_NAME = "state.lost"
REPORTED_SECONDS = 3600
"""Seconds for which each new process reports a loss again: the process that found it may have ended
before a scrape."""
STUCK_SECONDS = 15.0
"""Seconds for which another process may hold the file's lock before a copy of the file replaces it.
A disk may take seconds to save; a process that takes longer has lost its leases."""
_SAVES = "saves"
"""The note with the number of transactions that were saved to the file."""


class _ReplacedError(Exception):
    """Another file has replaced the open one."""


class SqliteState(SqlState):
    """Documents in the file `state.db` of a folder.

    A crash leaves the old document or the new one. The whole file is checked when it is opened, and
    all saved transactions must be present; see `SaveNumber`.

    Args:
        folder: the folder of the file; created if it is missing. It must be on a local disk.
        events: called when a damaged file was set aside, or documents are unused.
        now: Unix time.
        alone: whether to refuse a state that another process uses.

    Raises:
        StateError: the file belongs to another program, the folder is not writable, or another
            process uses the state although `alone` is set.
    """

    handle = "rowid"

    def __init__(
        self,
        folder: Path,
        *,
        events: StorageEvents | None = None,
        now: Callable[[], float] = time.time,
        alone: bool = False,
    ) -> None:
        events = events or StorageEvents()
        super().__init__(events._replace(lost=self._lose), now)
        self._report_lost = events.lost
        self._lost = folder / LOST_NAME
        self._folder = folder
        self._path = folder / FILE_NAME
        self._file = SharedFile(self._path, STUCK_SECONDS)
        self._lock = -1
        self._saves = sqlite.SaveNumber(folder / SAVES_NAME)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._share(alone=alone)
            self._report_recent_loss()
            self._open_or_begin()
        except sqlite.ERRORS as error:
            # A full disk does not stop what needs no state; see `run`.
            log.error("%s", self._unavailable(error))
            self._file.close()
        except OSError as error:
            self.close()
            advice = "set state_directory to a folder that the exporter may write to"
            where, why = error.filename or self._path, error.strerror or error
            raise StateError(f"{where} cannot be used: {why}; {advice}") from error
        except StateError:
            self.close()
            raise

    def _share(self, *, alone: bool) -> None:
        """Lock the state as in use until it is closed."""
        self._lock = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{self._path} is in use; end the exporters or commands that use it first"
            raise StateError(message) from None

    def _lose(self) -> None:
        """Report a loss, and save it for the next process."""
        with suppress(OSError):
            self._lost.touch(mode=0o600)
            self._lost.write_text(str(int(self._now())))
        self._report_lost()

    def _report_recent_loss(self) -> None:
        with suppress(OSError, ValueError):
            if abs(self._now() - int(self._lost.read_text())) < REPORTED_SECONDS:
                log.warning("state was lost within the last hour; an earlier log says what")
                self._report_lost()

    def _open_or_begin(self, damage: sqlite.Error | None = None) -> None:
        """Open the file, or replace a damaged one with a new one.

        `damage` is what was found in the file that was open until now.
        """
        with sqlite.in_turn(self._folder):
            if damage is not None and self._file.is_current:
                self._set_file_aside(damage)
            self._file.close()
            try:
                self._open()
            except sqlite.ERRORS as error:
                if not sqlite.is_damage(error):
                    raise
                self._file.close()
                self._set_file_aside(error)
                self._open()

    def _open(self) -> None:
        # Read before the file, to which others may be saving.
        reached = self._saves.read()
        if not self._path.exists():
            if reached:
                log.error("%s is missing; a new file is created", self._path)
                self._report_loss()
                reached = 0
            sqlite_file.create(self._path)
        sqlite.refuse_other_kinds(self._path)
        with self._path.open("rb") as file:
            if not set(file.read(20)[18:]) <= {1, 2}:
                # SQLite would treat the file as read-only.
                raise sqlite3.DatabaseError("its header names an unknown format")
        database = sqlite_file.connect(self._path)
        self._file.hold(database)
        sqlite_file.examine(database, self._path)
        if (found := self.note(_SAVES) or 0) < reached:
            log.error(
                "the state file lacks the last %d saves: its log is damaged or gone, or the file "
                "is an old copy; the exporter continues from its content",
                reached - found,
            )
            self._report_loss()
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        try:
            self._within(self.verify)
        except sqlite3.OperationalError as error:
            if not sqlite.is_in_use(error):
                raise
            # It is checked when it is opened the next time, and each document is checked when read.
            log.info("%s", self._unavailable(error))

    def _set_file_aside(self, error: sqlite.Error) -> None:
        aside = sqlite.set_aside(self._path, self._now())
        log.error("the state file is damaged (%s); it is kept as %s", error, aside)
        self._report_loss()

    def _report_loss(self) -> None:
        # It is reported once: earlier transactions are not expected any more.
        self._saves.write(0)
        self.events.lost()

    def run(self, work: Callable[[], T], *, write: bool = True) -> T:
        """Do some work in a transaction; see `SqlTables.run`.

        Raises:
            StateUnavailableError: it is not possible now.
        """
        if self._lock < 0:
            raise StateUnavailableError(StateErrorReason.UNAVAILABLE, "the state is closed")
        try:
            self._reopen_if_replaced()
            try:
                return self._within(work) if write else work()
            except _ReplacedError:
                self._reopen_if_replaced()
            except sqlite.ERRORS as error:
                self._recover(error)
            return self._within(work)
        except (OSError, *sqlite.ERRORS) as error:
            raise self._unavailable(error) from error

    def _recover(self, error: sqlite.Error) -> None:
        """Prepare another attempt, or raise the error."""
        if sqlite.is_damage(error):
            self._open_or_begin(error)
        elif sqlite.is_in_use(error) and self._file.replace_if_stuck():
            self._reopen_if_replaced()
        else:
            raise error

    def _reopen_if_replaced(self) -> None:
        """Reopen the file if another process found it damaged and replaced it."""
        if not self._file.is_current:
            try:
                self._open_or_begin()
            except StateError as error:
                raise StateUnavailableError(StateErrorReason.UNAVAILABLE, str(error)) from error

    def _within(self, work: Callable[[], T]) -> T:
        with sqlite.transaction(self._file.connection):
            # During the wait for the lock another process may have replaced the file.
            if not self._file.is_current:
                raise _ReplacedError
            done = work()
            number = (self.note(_SAVES) or 0) + 1
            self.set_note(_SAVES, number)
        self._saves.write(number)
        self._file.written()
        return done

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement and return a cursor."""
        return self._file.connection.execute(statement, values)

    def _unavailable(self, error: Exception) -> StateUnavailableError:
        if sqlite.is_full(error, self._path):
            return StateUnavailableError(StateErrorReason.FULL, f"the disk of {self._path} is full")
        why = "another process has locked it for too long" if sqlite.is_in_use(error) else error
        return StateUnavailableError(
            StateErrorReason.UNAVAILABLE, f"{self._path} cannot be used: {why}"
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
