"""The ledger's file: its tables, who holds it, and what is done when it is damaged or in use."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from .. import sqlite

log = logging.getLogger(__name__)

FILE_NAME = "ingest.db"
SAVES_NAME = "ingest.saves"
_APPLICATION = 0x53746F49
_VERSION = 1
_CACHE = 16_000
"""KiB of pages that are kept in memory, enough for about 100,000 keys."""
_SCHEMA = f"""
CREATE TABLE series (
    org TEXT, domain TEXT, platform TEXT, operation TEXT,
    totals TEXT NOT NULL,
    seen INTEGER NOT NULL,
    saved INTEGER NOT NULL, -- the number of the transaction that did
    PRIMARY KEY (org, domain, platform, operation)
) WITHOUT ROWID;
CREATE TABLE marks (
    number INTEGER PRIMARY KEY,
    org TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    note TEXT NOT NULL,
    UNIQUE (org, kind, id)
);
CREATE INDEX oldest ON marks (org, kind, number);
CREATE TABLE holder (name TEXT NOT NULL, boot TEXT NOT NULL, clean INTEGER NOT NULL);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""

_ADDED = """
CREATE TABLE IF NOT EXISTS added ( -- to series whose totals are of an earlier transaction
    number INTEGER PRIMARY KEY, -- of the transaction
    additions TEXT NOT NULL
)
"""


class LedgerError(Exception):
    """The file cannot be used; the message says why.

    Attributes:
        full: whether the disk has no room.
        passing: whether it may be usable later: another process holds it, or the disk has no room
            or does not respond.
    """

    def __init__(self, message: str, *, full: bool = False, passing: bool = False) -> None:
        super().__init__(message)
        self.full = full
        self.passing = passing


def opened(
    path: Path,
    *,
    holder: str,
    saves: sqlite.SaveNumber,
    lost: Callable[[], None],
    now: Callable[[], float],
) -> sqlite3.Connection:
    """Open the file and hold it; a damaged one is moved away and replaced.

    Args:
        path: the file, in a folder that is there.
        holder: names this process; totals that another one saved are dropped.
        saves: the number of the last save; totals of a file that lacks it are dropped.
        lost: called when what the file held is lost.
        now: Unix time.

    Raises:
        LedgerError: it belongs to another program or a newer version.
        sqlite.ERRORS: it cannot be opened, or another process holds it.
    """
    try:
        return _connected(path, holder, saves, lost)
    except sqlite.ERRORS as error:
        if not sqlite.is_damage(error):
            raise
        aside = sqlite.set_aside(path, now())
        log.error("the file of reported operations is damaged (%s); it is kept as %s", error, aside)
        saves.write(0)
        lost()
        return _connected(path, holder, saves, lost)


def newest(database: sqlite3.Connection) -> int:
    """Return the number of the last transaction that saved totals; 0 when there are none."""
    query = "SELECT max(saved) FROM series UNION ALL SELECT max(number) FROM added"
    return max(number or 0 for (number,) in database.execute(query))


def drop_totals(database: sqlite3.Connection) -> None:
    """Restart all series from zero."""
    database.execute("DELETE FROM series")
    database.execute("DELETE FROM added")


def _connected(
    path: Path, holder: str, saves: sqlite.SaveNumber, lost: Callable[[], None]
) -> sqlite3.Connection:
    database = sqlite.connect(path)
    try:
        # The lock is taken with the first transaction and held until the file is closed.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        with sqlite.transaction(database):
            _prepare(database, path)
            database.execute(_ADDED)
            if newest(database) < saves.read():
                log.error(
                    "the file of reported operations lacks saves; all series restart from zero"
                )
                drop_totals(database)
                lost()
            _hold(database, holder)
        saves.write(newest(database))
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA cache_size = -{_CACHE}")
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    if database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        for statement in _SCHEMA.split(";"):
            database.execute(statement)
        return
    version, application = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("user_version", "application_id")
    )
    if (application, version) != (_APPLICATION, _VERSION):
        raise LedgerError(f"{path} belongs to another program or a newer version of this")


def _hold(database: sqlite3.Connection, holder: str) -> None:
    """Record the new holder of the file, and drop totals that it cannot continue."""
    boot = _boot()
    for name, before, clean in database.execute("SELECT * FROM holder").fetchall():
        stopped = not clean and (not boot or before != boot)
        if stopped:
            log.warning(
                "the machine stopped while operations were reported; all series restart from zero"
            )
        if stopped or name != holder:
            drop_totals(database)
    database.execute("DELETE FROM holder")
    database.execute("INSERT INTO holder VALUES (?, ?, 0)", (holder, boot))


def unusable(path: Path, error: Exception) -> LedgerError:
    """Return the error about the file for an exception of the database or the system."""
    if sqlite.is_in_use(error):
        return LedgerError(f"another exporter uses {path} for its reports", passing=True)
    passing = isinstance(error, sqlite.ERRORS) and not sqlite.is_damage(error)
    full = sqlite.is_full(error, path)
    return LedgerError(f"cannot use {path}: {error}", full=full, passing=passing)


def _boot() -> str:
    """Return the id of the machine's current boot; empty if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
