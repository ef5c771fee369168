"""The file that keeps collectors' documents across restarts: SQLite, one process, one writer.

Everything here blocks; `cursor` runs it in a thread.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""Domain and collector."""

FILE_NAME = "state.db"
KEPT_SECONDS = 90 * 86_400
"""Documents that were not saved for this long belong to stores that are gone."""
_APPLICATION = 0x53746F45
_VERSION = 1
_LOST = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SCHEMA = f"""
CREATE TABLE documents (
    domain TEXT NOT NULL,
    collector TEXT NOT NULL,
    document TEXT NOT NULL,
    saved REAL NOT NULL,
    PRIMARY KEY (domain, collector)
) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""


class StateError(Exception):
    """The state file cannot be used; the message says why and what to do."""


class DocumentFile:
    """JSON documents by domain and collector, each replaced atomically and durably.

    A crash leaves the old document or the new one. A file that is damaged is moved aside and a new
    one begun, because counters that start again are something that Prometheus understands, and an
    exporter that does not start is not.

    Args:
        folder: where the file is; made if it is missing.
        lost: called when documents were lost.
        now: Unix time.

    Raises:
        StateError: another process has the file open, it belongs to a newer version or to another
            program, or the folder cannot be written to.
    """

    def __init__(
        self,
        folder: Path,
        *,
        lost: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = folder / FILE_NAME
        self._lost = lost
        self._now = now
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = self._open_whatever_is_there()
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"cannot use {self._path}: {error}") from error

    def _open_whatever_is_there(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _LOST:
                raise
            self._move_aside(error)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        # The files that SQLite puts beside it are made with the permissions of this one.
        self._path.touch(mode=0o600)
        self._path.chmod(0o600)
        database = sqlite3.connect(
            self._path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            # The lock is taken with the first transaction and held until the file is closed.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            self._prepare(database)
            database.execute("COMMIT")
        except sqlite3.OperationalError as error:
            database.close()
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                message = (
                    f"{self._path} is in use by another process; every exporter needs a "
                    "state_directory of its own"
                )
                raise StateError(message) from error
            raise
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        version, application = (
            database.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("user_version", "application_id")
        )
        if database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            return
        if application != _APPLICATION:
            raise StateError(f"{self._path} belongs to another program; set state_directory")
        if version > _VERSION:
            raise StateError(f"{self._path} was written by a newer version of store-exporter")
        database.execute("DELETE FROM documents WHERE saved < ?", (self._now() - KEPT_SECONDS,))

    def _move_aside(self, error: sqlite3.Error) -> None:
        stamp = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = self._path.with_name(f"{FILE_NAME}.damaged-{stamp}")
        for suffix in ("-wal", "-shm", ""):
            part = self._path.with_name(FILE_NAME + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))
        log.error("the state file is damaged (%s); it is kept as %s", error, aside)
        self._lost()

    def _begin_anew(self, error: sqlite3.Error) -> None:
        self._database.close()
        self._move_aside(error)
        self._database = self._open()

    def get(self, key: Key) -> str | None:
        """Return a document as JSON, or None when there is none.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        query = "SELECT document FROM documents WHERE domain = ? AND collector = ?"
        try:
            row = self._database.execute(query, key).fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _LOST:
                raise
            self._begin_anew(error)
            return None
        if row is None:
            return None
        try:
            json.loads(row[0])
        except ValueError:
            log.exception("the saved state of %s of %s is damaged and was dropped", *reversed(key))
            self._lost()
            return None
        document: str = row[0]
        return document

    def put(self, documents: Iterable[tuple[Key, str]]) -> None:
        """Save documents, all or none of them, before returning.

        Raises:
            sqlite3.Error: the file cannot be written.
        """
        rows = [(*key, document, self._now()) for key, document in documents]
        try:
            self._put(rows)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _LOST:
                raise
            self._begin_anew(error)
            self._put(rows)

    def _put(self, rows: list[tuple[str, str, str, float]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("REPLACE INTO documents VALUES (?, ?, ?, ?)", rows)
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._database.close()
