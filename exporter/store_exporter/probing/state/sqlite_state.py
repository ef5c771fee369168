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
from .sql_state import DOCUMENTS, NOTES, VERSION, SqlState
from .storage import StateError, StateUnavailableError, StorageEvents

T = TypeVar("T")

log = logging.getLogger(__name__)

FILE_NAME = "state.db"
LOCK_NAME = "state.lock"
SAVES_NAME = "state.saves"
LOST_NAME = "state.lost"
TOLD_SECONDS = 3600
"""How long a loss is told by each process that begins: the one that met it may have ended before
anybody scraped it."""
BUSY_SECONDS = 5.0
"""How long a process waits for another one that writes."""
STUCK_SECONDS = 15.0
"""How long nothing is saved while another process has the file's lock, until a copy of the file
takes its place. A disk may take seconds to save; whoever takes longer has no lease any more."""
_SAVES = "saves"
"""The note that counts what was saved to the file."""
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


class _ReplacedError(Exception):
    """Another file has taken the place of the one that is open."""


class SqliteState(SqlState):
    """A `Storage` in the file `state.db` of a folder.

    A crash leaves an old document or the new one. The whole file is examined when it is opened, and
    what was saved to it must be there; see `SaveNumber`.

    Args:
        folder: where the file is; made if it is missing. It must be on this host's own disk.
        events: what is called when something was damaged and set aside, or is left behind.
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
        events: StorageEvents | None = None,
        now: Callable[[], float] = time.time,
        alone: bool = False,
    ) -> None:
        told = events or StorageEvents()
        super().__init__(told._replace(lost=self._lose), now)
        self._tell = told.lost
        self._lost = folder / LOST_NAME
        self._folder = folder
        self._path = folder / FILE_NAME
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._lock = -1
        self._saves = sqlite.SaveNumber(folder / SAVES_NAME)
        self._patience = sqlite.Patience(STUCK_SECONDS)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_part(alone=alone)
            self._tell_recent_loss()
            self._open_or_begin()
        except sqlite.ERRORS as error:
            # A disk that is full now does not stop what needs no state; see `run`.
            log.error("%s", self._unavailable(error))
            self._close_file()
        except OSError as error:
            self.close()
            advice = "set state_directory to a folder that the exporter may write to"
            raise StateError(f"{self._path} cannot be used: {error}; {advice}") from error
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

    def _lose(self) -> None:
        """Tell a loss, and remember it for the next process."""
        with suppress(OSError):
            self._lost.touch(mode=0o600)
            self._lost.write_text(str(int(self._now())))
        self._tell()

    def _tell_recent_loss(self) -> None:
        with suppress(OSError, ValueError):
            if abs(self._now() - int(self._lost.read_text())) < TOLD_SECONDS:
                log.warning("state was lost within the last hour; an earlier log says what")
                self._tell()

    def _open_or_begin(self, damage: sqlite.Error | None = None) -> None:
        """Open the file, or a new one in the place of a damaged one.

        Args:
            damage: what was found in the file that has been open until now.
        """
        with sqlite.in_turn(self._folder):
            if damage is not None and self._is_current():
                self._set_file_aside(damage)
            self._close_file()
            try:
                self._open()
            except sqlite.ERRORS as error:
                if not sqlite.is_damage(error):
                    raise
                self._close_file()
                self._set_file_aside(error)
                self._open()

    def _open(self) -> None:
        # Read before the file, to which others may be saving.
        reached = self._saves.read()
        if not self._path.exists():
            if reached:
                log.error("%s is gone; a new one is begun", self._path)
                self._tell_loss()
                reached = 0
            self._create()
        with self._path.open("rb") as file:
            if not set(file.read(20)[18:]) <= {1, 2}:
                # SQLite would take it for a file that nobody may write to, for ever.
                raise sqlite3.DatabaseError("its header names a format that there is not")
        self._database = database = _connect(self._path)
        self._opened = sqlite.number(self._path)
        self._examine(database)
        if (found := self._note(_SAVES) or 0) < reached:
            log.error(
                "the state file lacks the last %d saves: its log is damaged or gone, or the file "
                "is a copy of an earlier day; what it has is gone on from",
                reached - found,
            )
            self._tell_loss()
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        try:
            self._within(self.verify)
        except sqlite3.OperationalError as error:
            if not sqlite.is_in_use(error):
                raise
            # It is looked through when it is opened the next time; what is read is checked anyway.
            log.info("%s", self._unavailable(error))

    def _create(self) -> None:
        """Make the file, whole or not at all: one without anything in it is a damaged one."""
        # What is left of a file that is gone would be read into this one.
        sqlite.remove(self._path)
        new = self._path.with_name(FILE_NAME + ".new")
        sqlite.remove(new)
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
            raise sqlite.finding(found)

    def _is_current(self) -> bool:
        return self._opened is not None and sqlite.number(self._path) == self._opened

    def _set_file_aside(self, error: sqlite.Error) -> None:
        aside = sqlite.set_aside(self._path, self._now())
        log.error("the state file is damaged (%s); it is kept as %s", error, aside)
        self._tell_loss()

    def _tell_loss(self) -> None:
        # It is told once: what was saved up to now is no more looked for.
        self._saves.write(0)
        self.events.lost()

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
            except _ReplacedError:
                self._reopen_if_replaced()
            except sqlite.ERRORS as error:
                self._recover(error)
            return self._within(work)
        except (OSError, *sqlite.ERRORS) as error:
            raise self._unavailable(error) from error

    def _recover(self, error: sqlite.Error) -> None:
        """Make another attempt worth its while, or raise the error."""
        if sqlite.is_damage(error):
            self._open_or_begin(error)
        elif sqlite.is_in_use(error) and self._patience.is_over(self._connection()):
            self._leave_to_who_stands_still()
        else:
            raise error

    def _leave_to_who_stands_still(self) -> None:
        """Continue with a copy of a file whose lock is held by a process that hangs."""
        with sqlite.in_turn(self._folder):
            if self._is_current():
                log.warning(
                    "a process stands still while it saves to %s; a copy of the file takes its "
                    "place",
                    self._path,
                )
                sqlite.replace_with_copy(self._connection(), self._path)
        self._reopen_if_replaced()

    def _reopen_if_replaced(self) -> None:
        """Reopen the file if another process found it damaged and replaced it."""
        if self._database is None or not self._is_current():
            try:
                self._open_or_begin()
            except StateError as error:
                raise StateUnavailableError("unavailable", str(error)) from error

    def _within(self, work: Callable[[], T]) -> T:
        with sqlite.transaction(self._connection()):
            # It was waited for, perhaps until another process had put a copy in its place.
            if not self._is_current():
                raise _ReplacedError
            done = work()
            number = (self._note(_SAVES) or 0) + 1
            self.set_note(_SAVES, number)
        self._saves.write(number)
        self._patience.renew()
        return done

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement and return a cursor."""
        return self._connection().execute(statement, values)

    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise StateUnavailableError("unavailable", "the state is closed")
        return self._database

    def _unavailable(self, error: Exception) -> StateUnavailableError:
        if sqlite.is_full(error, self._path):
            return StateUnavailableError("full", f"the disk of {self._path} is full")
        why = "another process uses it for long" if sqlite.is_in_use(error) else error
        return StateUnavailableError("unavailable", f"{self._path} cannot be used: {why}")

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
    database = sqlite.connect(path, wait=BUSY_SECONDS)
    # What is damaged is to be seen as it is.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database
