"""A SQLite file that several processes share, and that any of them may replace."""

from __future__ import annotations

import errno
import logging
import sqlite3
from pathlib import Path

from ... import sqlite

log = logging.getLogger(__name__)


class SharedFile:
    """A SQLite file, open or closed.

    A process that finds the file damaged, or locked by a process that hangs, replaces it. The other
    processes notice this by `is_current`.

    Args:
        path: the file.
        stuck_seconds: seconds for which another process may hold the file's lock before
            `replace_if_stuck` replaces the file.
    """

    def __init__(self, path: Path, stuck_seconds: float) -> None:
        self._path = path
        self._patience = sqlite.Patience(stuck_seconds)
        self._database: sqlite3.Connection | None = None
        self._number: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, also to a file that was replaced."""
        return self._database is not None

    @property
    def is_current(self) -> bool:
        """Whether the file is open and was not replaced since."""
        return self.is_open and sqlite.number(self._path) == self._number

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection.

        Raises:
            OSError: the file is closed.
        """
        if self._database is None:
            raise OSError(errno.EBADF, "it is closed", str(self._path))
        return self._database

    def hold(self, database: sqlite3.Connection) -> None:
        """Use a connection that was opened to the file just now."""
        self._database, self._number = database, sqlite.number(self._path)

    def written(self) -> None:
        """Note that a transaction was committed, so that no process hangs."""
        self._patience.renew()

    def replace_if_stuck(self) -> bool:
        """Replace the file by a copy if another process has held its lock for too long.

        Call it after a transaction that could not begin because of the lock. It returns whether the
        file was replaced, by this process or another one.
        """
        if not self._patience.is_over(self.connection):
            return False
        with sqlite.in_turn(self._path.parent):
            if self.is_current:
                log.warning("a process hangs while it holds %s; a copy replaces it", self._path)
                sqlite.replace_with_copy(self.connection, self._path)
        return True

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._database is not None:
            self._database.close()
            self._database = None
