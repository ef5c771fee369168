"""The exporter's SQLite files: opening them, the meaning of errors, and damaged files.

If a file is damaged, a new one is started: Prometheus can handle counters that restart, but not an
exporter that does not start.
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
"""The most damaged files that are kept."""
OPENING_SECONDS = 10.0
"""Seconds that a process waits for another one that opens or replaces a file."""
Error = sqlite3.Error | UnicodeDecodeError
ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""Exceptions of SQLite's module; the second one if its message would contain damaged text."""

_SUFFIXES = ("-wal", "-shm", "")
"""Name endings of a file and of those that SQLite puts beside it."""
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
"""Temporary errors; all others mean damage."""


def refuse_other_kinds(path: Path) -> None:
    """Refuse an existing path that is not a regular file, before it is opened or changed.

    Opening a pipe would block forever, and a device would get the permissions of a state file.

    Raises:
        OSError: it is not a regular file.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def connect(path: Path, *, wait: float = 0.0) -> sqlite3.Connection:
    """Open a file that nobody else may read; create it if it is missing.

    Args:
        path: the file; it must be on this host's own disk.
        wait: seconds to wait for another process that writes.

    Raises:
        OSError: it cannot be created, or is not a regular file.
        sqlite3.Error: it cannot be opened.
    """
    refuse_other_kinds(path)
    # SQLite creates the files beside it with the permissions of this one.
    path.touch(mode=0o600)
    path.chmod(0o600)
    return sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction: completely or not at all."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # If the database was closed meanwhile, the block itself has raised the reason.
        with suppress(sqlite3.ProgrammingError):
            database.rollback()
        raise


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Prevent other processes from opening or replacing a file of the folder during the block.

    Raises:
        TimeoutError: another process has been doing so for too long; it may have been stopped.
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
    """The number of a file's last save, stored beside it: it reveals losses SQLite does not report.

    SQLite ignores its log from the first frame with a wrong checksum
    (https://sqlite.org/walformat.html#recovery), and treats a missing log as an empty one. So each
    transaction increases a count in the file, and the count is written here after it. A file with a
    lower count has lost saves.

    A killed process leaves the number at most one behind. It is not synced, so after a loss of
    power it may be further behind; it is never ahead. Of several processes, the last one to write
    decides. A number that cannot be written or read is ignored, because it only detects losses.

    Args:
        path: where it is; made when something is saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return the number; 0 if it is not known."""
        with suppress(OSError, ValueError):
            one, same = self._path.read_bytes().split()
            return int(one) if one == same else 0
        return 0

    def write(self, number: int) -> None:
        """Write the number."""
        # It is overwritten in place, so that it needs no space on a full disk.
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, b"%020d %020d" % (number, number))
            finally:
                os.close(descriptor)


class Patience:
    """Distinguishes a writer that hangs from many that are busy.

    A process that was stopped within a transaction, such as by SIGSTOP or with its container, keeps
    the file's lock until it continues or ends. Nobody else can release it.

    Args:
        seconds: the least time without a commit, while somebody has the lock, that counts as a
            hang.
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
        """Note another failed wait for the lock; return whether they have taken too long."""
        version = _version(database)
        if self._since is None or self._since[0] != version:
            self._since = version, self._monotonic()
        return self._monotonic() - self._since[1] >= self._seconds


def replace_with_copy(database: sqlite3.Connection, path: Path) -> None:
    """Replace a file by a copy that nobody has locked. Call it within `in_turn`.

    A process that has the old file open detects the replacement by `number`. Commits of a stopped
    process to the old file are lost; a process that waits for a transaction must check again.

    Args:
        database: the open file, in WAL mode, in which it can be read while others write.
        path: path of the file.

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
        # SQLite would read the files beside the old file into the new one.
        for suffix in _SUFFIXES[:-1]:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        new.replace(path)


def _version(database: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits."""
    version: int = database.execute("PRAGMA data_version").fetchone()[0]
    return version


def number(path: Path) -> tuple[int, int] | None:
    """Return an identity of a file that differs from a replacement's; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def finding(text: str) -> sqlite3.Error:
    """Return the finding of `PRAGMA integrity_check` as an error.

    It reports a page that the disk cannot deliver now in words similar to those for a damaged page.
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
    """Whether no more can be written; SQLite does not report an exceeded quota as such."""
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
    """Rename a damaged file, and delete the oldest of those renamed before.

    Args:
        path: the file, which is closed.
        now: Unix time.

    Returns:
        The new path.
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
