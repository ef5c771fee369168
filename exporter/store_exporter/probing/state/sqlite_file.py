"""The file `state.db`: its tables, and whether a file is one of this program and whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ... import sqlite
from .sql_tables import DOCUMENTS, NOTES, VERSION
from .storage import StateError

FILE_NAME = "state.db"
BUSY_SECONDS = 5.0
"""Seconds for which a process waits for another one that writes."""
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


def connect(path: Path) -> sqlite3.Connection:
    """Open the file."""
    database = sqlite.connect(path, wait=BUSY_SECONDS)
    # Damaged text must be readable too.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


def create(path: Path) -> None:
    """Create the file atomically: an empty file would be a damaged one."""
    # SQLite would apply the remaining log of a deleted file to this one.
    sqlite.remove(path)
    new = path.with_name(FILE_NAME + ".new")
    sqlite.remove(new)
    database = connect(new)
    try:
        for statement in _SCHEMA:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute(f"PRAGMA user_version = {VERSION}")
    finally:
        database.close()
    new.replace(path)


def examine(database: sqlite3.Connection, path: Path) -> None:
    """Check the whole file.

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
            raise StateError(f"{path} belongs to another program; set state_directory")
        if application == _APPLICATION and version > VERSION:
            raise StateError(f"{path} was written by a newer version of store-exporter")
        raise sqlite3.DatabaseError(f"its schema is not that of version {VERSION}")
    found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite.finding(found)
