"""Files of SQLite that the exporter keeps: opening them, what their errors mean, damaged ones.

Whatever is wrong with a file, a new one is begun, because counters that start again are something
that Prometheus understands, and an exporter that does not start is not.
"""

from __future__ import annotations

import errno
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

KEPT_FILES = 3
"""Damaged files that are kept."""
Error = sqlite3.Error | UnicodeDecodeError
ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's module raises; the second one where its own words are made of damaged text."""

_SUFFIXES = ("-wal", "-shm", "")
"""Of a file and those that SQLite puts beside it."""
# The last one: a limit of the size of files (`ulimit -f`, LimitFSIZE=).
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_NOW = (
    *_IN_USE,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_FULL,
)
"""Errors that pass; all else is damage."""


def connect(path: Path, *, wait: float = 0.0) -> sqlite3.Connection:
    """Open a file, made if it is missing, that nobody else may read.

    Args:
        path: the file; it must be on this host's own disk.
        wait: seconds to wait for another process that writes.

    Raises:
        OSError: it cannot be made.
        sqlite3.Error: it cannot be opened.
    """
    # The files that SQLite puts beside it are made with the permissions of this one.
    path.touch(mode=0o600)
    path.chmod(0o600)
    return sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Do what stands below it as a whole or not at all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # Where it was closed meanwhile, what stood below tells of it.
        with suppress(sqlite3.ProgrammingError):
            database.rollback()
        raise


def number(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from one that took its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_damage(error: Exception) -> bool:
    """Whether an error is one of the file's that will not pass, so that a new one must be begun."""
    return isinstance(error, ERRORS) and _code(error) not in _NOT_NOW


def is_in_use(error: Exception) -> bool:
    """Whether another process uses the file."""
    return _code(error) in _IN_USE


def is_full(error: Exception, path: Path) -> bool:
    """Whether nothing more can be written, which SQLite does not tell of a quota."""
    return _code(error) == sqlite3.SQLITE_FULL or _disk_is_full(path.parent)


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _disk_is_full(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(64 * 1024))
            file.flush()
    except OSError as error:
        return error.errno in _FULL
    return False


def set_aside(path: Path, now: float) -> Path:
    """Rename a damaged file, and delete the oldest of those that were renamed before.

    Args:
        path: the file, which is closed.
        now: Unix time.

    Returns:
        its new name.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    for old in sorted(path.parent.glob(f"{path.name}.damaged-*Z"))[:-KEPT_FILES]:
        remove(old)
    return aside


def remove(path: Path) -> None:
    """Delete a file, which is closed."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
