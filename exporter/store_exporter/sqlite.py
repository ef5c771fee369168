"""Files of SQLite that the exporter keeps: opening them, what their errors mean, damaged ones.

Whatever is wrong with a file, a new one is begun, because counters that start again are something
that Prometheus understands, and an exporter that does not start is not.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

KEPT_FILES = 3
"""Damaged files that are kept."""
OPENING_SECONDS = 10.0
"""How long a process waits for another one that opens or replaces a file."""
Error = sqlite3.Error | UnicodeDecodeError
ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite's module raises; the second one where its own words are made of damaged text."""

_SUFFIXES = ("-wal", "-shm", "")
"""Of a file and those that SQLite puts beside it."""
# The last one: a limit of the size of files (`ulimit -f`, LimitFSIZE=).
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Of checkList and its callers in btree.c.
_PAGE = re.compile(r"unable to get the page\. error code=(\d+)")
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


def refuse_other_kinds(path: Path) -> None:
    """Refuse what is there and is no regular file, before it is opened or changed.

    A pipe would be waited for without end, and a device get the permissions of a state.

    Raises:
        OSError: it is something else.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def connect(path: Path, *, wait: float = 0.0) -> sqlite3.Connection:
    """Open a file, made if it is missing, that nobody else may read.

    Args:
        path: the file; it must be on this host's own disk.
        wait: seconds to wait for another process that writes.

    Raises:
        OSError: it cannot be made, or is no regular file.
        sqlite3.Error: it cannot be opened.
    """
    refuse_other_kinds(path)
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


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Let no other process open or replace a file of a folder meanwhile.

    Raises:
        TimeoutError: another one does so for long: it was stopped, perhaps.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        ends = time.monotonic() + OPENING_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > ends:
                    text = "another process has been opening it for too long"
                    raise TimeoutError(text) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


class SaveNumber:
    """The number of a file's last save, beside it: reveals a loss that SQLite does not report.

    SQLite takes its log up to the first frame whose checksum is wrong for all there was
    (https://sqlite.org/walformat.html#recovery), and a log that is gone for an empty one. So each
    transaction counts in the file itself, and what was reached is written here after it: a file
    that has less was saved and is no more as it was.

    A killed process leaves the number at most one behind. It is not synced, so after a loss of
    power it may be further behind; it is never ahead. Of several processes the last one to write
    stands. What cannot be written or read counts as nothing, for it protects nothing by itself.

    Args:
        path: where it is; made when something is saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return what was reached; 0 where that is not known."""
        with suppress(OSError, ValueError):
            one, same = self._path.read_bytes().split()
            return int(one) if one == same else 0
        return 0

    def write(self, number: int) -> None:
        """Note what was reached."""
        # Written over in place, so that it takes no room on a disk that is full.
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, b"%020d %020d" % (number, number))
            finally:
                os.close(descriptor)


class Patience:
    """Distinguishes a writer that hangs from many that are busy.

    A process that was stopped within a transaction, as by SIGSTOP or with its container, keeps the
    file's lock until it goes on or ends. Nobody can take that away.

    Args:
        seconds: how long nothing is committed while somebody has the lock, at least.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._since: tuple[int, float] | None = None

    def renew(self) -> None:
        """Restart the wait, because something was written."""
        self._since = None

    def is_over(self, database: sqlite3.Connection) -> bool:
        """Whether the lock was waited for in vain, once more, for too long."""
        version = _version(database)
        if self._since is None or self._since[0] != version:
            self._since = version, self._monotonic()
        return self._monotonic() - self._since[1] >= self._seconds


def replace_with_copy(database: sqlite3.Connection, path: Path) -> None:
    """Put a copy of a file in its place, which nobody has locked. To be called `in_turn`.

    Who has the old file open finds by `number` that it is another one. What a process that stood
    still commits to the old one is lost; `transaction` of one that waits has to look again.

    Args:
        database: the file, open; in the mode WAL, in which it can be read whoever writes.
        path: where it is.

    Raises:
        OSError: the copy cannot be made.
        sqlite3.Error: likewise.
    """
    new = path.with_name(path.name + ".new")
    copied = None
    while (version := _version(database)) != copied:
        copied = version
        remove(new)
        new.touch(mode=0o600)
        with closing(sqlite3.connect(new)) as copy:
            database.backup(copy)
        # What is beside the old file would be read into the new one.
        for suffix in _SUFFIXES[:-1]:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        new.replace(path)


def _version(database: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits."""
    version: int = database.execute("PRAGMA data_version").fetchone()[0]
    return version


def number(path: Path) -> tuple[int, int] | None:
    """Return what identifies a file, unlike one that replaced it; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def finding(text: str) -> sqlite3.Error:
    """Return what `PRAGMA integrity_check` found as the error that it is.

    A page that the disk does not give right now is reported in words like those of a damaged one.
    """
    error = sqlite3.DatabaseError(text)
    if code := _PAGE.search(text):
        error.sqlite_errorcode = int(code[1])
    return error


def is_damage(error: Exception) -> bool:
    """Whether an error means permanent damage of the file, so that a new one is needed."""
    return isinstance(error, ERRORS) and _code(error) not in _NOT_NOW


def is_in_use(error: Exception) -> bool:
    """Whether another process uses the file."""
    return _code(error) in _IN_USE


def is_full(error: Exception, path: Path) -> bool:
    """Whether nothing more can be written; SQLite does not say so for a quota."""
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
