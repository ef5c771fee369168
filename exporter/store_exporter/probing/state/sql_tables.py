"""The two tables of the state in any database: running statements, and notes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .storage import Key, StateUnavailableError, checksum

T = TypeVar("T")

log = logging.getLogger(__name__)

VERSION = 2
"""Version of the tables; tables of another version are not read."""
DOCUMENTS = "exporter_documents"
NOTES = "exporter_notes"
KEY = "org, platform, domain, address, collector"
COLUMNS = f"{KEY}, document, revision, used, checksum, key_checksum"


class SqlTables(ABC):
    """A database with the two tables."""

    handle: str
    """SQL expression that identifies a row independently of its content."""

    @abstractmethod
    def run(self, work: Callable[[], T], *, write: bool = True) -> T:
        """Do some work in a transaction, completely or not at all, and return its result.

        Args:
            work: calls `execute`; may be called a second time after a failure.
            write: whether it changes anything; changes are durable when this method returns.

        Raises:
            StateUnavailableError: it is not possible now.
        """

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement, with `?` for values, and return a cursor."""

    @abstractmethod
    def close(self) -> None:
        """Close the database. Later calls raise `StateUnavailableError`."""

    def tidy(self, work: Callable[[], None]) -> None:
        """Do maintenance, which is skipped if it is not possible now."""
        try:
            self.run(work)
        except StateUnavailableError as error:
            log.debug("the state is not tidied now: %s", error)

    def note(self, name: str) -> int | None:
        """Return the number saved under a name, or None."""
        row = self.execute(f"SELECT value FROM {NOTES} WHERE name = ?", (name,)).fetchone()
        return row[0] if row and isinstance(row[0], int) else None

    def set_note(self, name: str, value: int) -> None:
        """Save a number under a name."""
        self.execute(
            f"INSERT INTO {NOTES} (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


def is_whole(row: Sequence[Any]) -> bool:
    """Whether a row of handle and `COLUMNS` is undamaged, by its checksum."""
    _, *parts, document, revision, used, proof, _ = row
    if not (isinstance(document, bytes) and isinstance(revision, int) and isinstance(used, int)):
        return False
    if not all(isinstance(part, str) for part in parts):
        return False
    key = Key(*parts)
    return bool(proof == checksum(key, document, revision, used))
