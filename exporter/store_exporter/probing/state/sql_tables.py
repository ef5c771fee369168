"""The two tables of the state, whichever database has them: what runs statements, and its notes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .storage import Key, StateUnavailableError, checksum

T = TypeVar("T")

log = logging.getLogger(__name__)

VERSION = 2
"""Of the tables; what another version wrote is not read."""
DOCUMENTS = "exporter_documents"
NOTES = "exporter_notes"
KEY = "org, platform, domain, address, collector"
COLUMNS = f"{KEY}, document, revision, used, checksum, key_checksum"


class SqlTables(ABC):
    """A database with the two tables."""

    handle: str
    """Names a row whatever it says of itself."""

    @abstractmethod
    def run(self, work: Callable[[], T], *, write: bool = True) -> T:
        """Do some work in the database, as a whole or not at all.

        Args:
            work: does it by `execute`; may be called a second time when it failed.
            write: whether it changes anything, which is durable when this returns.

        Raises:
            StateUnavailableError: it cannot be done now.
        """

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement, with `?` for values, and return a cursor."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is held."""

    def tidy(self, work: Callable[[], None]) -> None:
        """Do maintenance that can wait until the next time."""
        try:
            self.run(work)
        except StateUnavailableError as error:
            log.debug("the state is not tidied now: %s", error)

    def note(self, name: str) -> int | None:
        """Return the number that is kept under a name; None where there is none."""
        row = self.execute(f"SELECT value FROM {NOTES} WHERE name = ?", (name,)).fetchone()
        return row[0] if row and isinstance(row[0], int) else None

    def set_note(self, name: str, value: int) -> None:
        """Keep a number under a name."""
        self.execute(
            f"INSERT INTO {NOTES} (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


def is_whole(row: Sequence[Any]) -> bool:
    """Whether a row, its handle and `COLUMNS`, is as it was written."""
    _, *parts, document, revision, used, proof, _ = row
    if not (isinstance(document, bytes) and isinstance(revision, int) and isinstance(used, int)):
        return False
    if not all(isinstance(part, str) for part in parts):
        return False
    key = Key(*parts)
    return bool(proof == checksum(key, document, revision, used))
