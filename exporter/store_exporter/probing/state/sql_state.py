"""Documents in a table: everything that is the same in SQLite and PostgreSQL.

Only a process that has read the current revision of a document can replace it, so positions and
counters never fall behind what was saved.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .sql_sweep import Sweep
from .sql_tables import COLUMNS, DOCUMENTS, KEY, SqlTables, is_whole
from .storage import (
    DAMAGED,
    DocumentEntry,
    Key,
    Saved,
    StateError,
    StorageEvents,
    StoreIdentity,
    Write,
    checksum,
    key_checksum,
)

log = logging.getLogger(__name__)

_USED_SECONDS = 86_400
"""Accuracy of the time at which a document was last used."""
_MOVED = 1_000_000
"""What moving a document adds to its revision."""
_THIS = "org = ? AND platform = ? AND domain = ? AND address = ? AND collector = ?"
_WHOSE = "org = ? AND platform = ? AND domain = ? AND address = ?"


class SqlState(SqlTables):
    """Stores documents. Every call blocks; only one thread may call it at a time.

    Each method raises `StateUnavailableError`. Damage is no error: a damaged document is set aside,
    counted and logged, and does not exist any more.

    Args:
        events: called for damaged or unused documents.
        now: Unix time.
    """

    def __init__(self, events: StorageEvents, now: Callable[[], float]) -> None:
        self.events = events
        self._now = now
        self._sweep = Sweep(self, self._set_aside, events, now)

    def get(self, key: Key) -> Saved | None:
        """Return a document, or None if there is none."""
        self._sweep.if_due()
        row = self.run(lambda: self._row(key), write=False)
        if row is None:
            return None
        if not is_whole(row):
            self.run(lambda: self._set_aside(row))
            return None
        document, revision, used = row[6:9]
        if abs(self._now() - used) > _USED_SECONDS:
            self.tidy(lambda: self._renew(key, document, revision))
        return Saved(document.decode(), revision)

    def _row(self, key: Key) -> Sequence[Any] | None:
        found: Sequence[Any] | None = self.execute(
            f"SELECT {self.handle}, {COLUMNS} FROM {DOCUMENTS} WHERE {_THIS}", key
        ).fetchone()
        return found

    def put(self, writes: Iterable[Write]) -> list[int | None]:
        """Save documents durably, all in one transaction; return the new revision of each.

        It is None for one that another process has saved meanwhile, which was not changed.
        """
        self._sweep.if_due()
        # All processes use the same order, so that no two wait for each other.
        ordered = sorted(enumerate(writes), key=lambda pair: pair[1].key)
        revisions = self.run(lambda: {place: self._put(write) for place, write in ordered})
        return [revisions[place] for place in range(len(revisions))]

    def _put(self, write: Write) -> int | None:
        key, document, before = write.key, write.document.encode(), write.revision
        revision = 0 if before is None else before + 1
        if before:
            done = self.execute(
                f"UPDATE {DOCUMENTS} SET document = ?, revision = ?, used = ?, checksum = ? "
                f"WHERE {_THIS} AND revision = ?",
                (*self._sealed(key, document, revision), *key, before),
            )
        else:
            conflict = "DO NOTHING"
            if before is None:
                parts = ("document", "revision", "used", "checksum")
                conflict = "DO UPDATE SET " + ", ".join(f"{p} = excluded.{p}" for p in parts)
            done = self.execute(
                f"INSERT INTO {DOCUMENTS} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                f"ON CONFLICT ({KEY}) {conflict}",
                (*key, *self._sealed(key, document, revision), key_checksum(key)),
            )
        if before == 0 and done.rowcount:
            self._warn_of_others(key)
        return revision if done.rowcount else None

    def _warn_of_others(self, key: Key) -> None:
        """Log that a store starts without state although there is other state of its domain."""
        rows = self.execute(
            f"SELECT {KEY} FROM {DOCUMENTS} WHERE domain = ? AND collector = ?",
            (key.domain, key.collector),
        ).fetchall()
        others = [str(Key(*row).identity) for row in rows if tuple(row) != key]
        if others:
            log.warning(
                "%s of %s starts without state; the domain has other state, which is kept: %s; see "
                "`store-exporter state`",
                *(key.collector, key.identity, "; ".join(others)),
            )

    def _sealed(self, key: Key, document: bytes, revision: int) -> tuple[bytes, int, int, bytes]:
        used = int(self._now())
        return document, revision, used, checksum(key, document, revision, used)

    def _renew(self, key: Key, document: bytes, revision: int) -> None:
        _, _, used, proof = self._sealed(key, document, revision)
        self.execute(
            f"UPDATE {DOCUMENTS} SET used = ?, checksum = ? WHERE {_THIS} AND revision = ?",
            (used, proof, *key, revision),
        )

    def _set_aside(self, row: Sequence[Any]) -> None:
        """Rename a damaged document; it replaces one that was renamed earlier."""
        handle, *parts, document = row[:7]
        key = Key(*map(str, parts))
        name = key.collector.removesuffix(DAMAGED) + DAMAGED
        log.error(
            "the saved state of %s of %s is damaged; it is kept as %r",
            *(key.collector, key.identity, name),
        )
        content = document if isinstance(document, bytes) else repr(document).encode()
        self.execute(f"DELETE FROM {DOCUMENTS} WHERE {self.handle} = ?", (handle,))
        self._put(Write(key._replace(collector=name), content.decode("utf-8", "backslashreplace")))
        self.events.lost()

    def verify(self) -> None:
        """Set aside documents with a damaged key, which nobody would ever read again."""
        rows = self.execute(
            f"SELECT {self.handle}, {KEY}, key_checksum FROM {DOCUMENTS}"
        ).fetchall()
        for handle, *parts, proof in rows:
            texts = all(isinstance(part, str) for part in parts)
            if texts and proof == key_checksum(Key(*parts)):
                continue
            row = self.execute(
                f"SELECT {self.handle}, {COLUMNS} FROM {DOCUMENTS} WHERE {self.handle} = ?",
                (handle,),
            ).fetchone()
            if not is_whole(row):
                self._set_aside(row)
                continue
            statement = f"UPDATE {DOCUMENTS} SET key_checksum = ? WHERE {self.handle} = ?"
            self.execute(statement, (key_checksum(Key(*parts)), handle))

    def entries(self) -> list[DocumentEntry]:
        """Return an entry for each document, in the order of keys."""
        statement = f"SELECT {KEY}, length(document), used FROM {DOCUMENTS}"
        rows = self.run(lambda: self.execute(statement).fetchall(), write=False)
        return sorted(DocumentEntry(Key(*row[:5]), *row[5:]) for row in rows)

    def move(self, old: StoreIdentity, new: StoreIdentity, *, replace: bool = False) -> int:
        """Move one store's documents to another and return their number.

        Args:
            old: the store that has them.
            new: the store that gets them.
            replace: whether to delete the documents that the other store already has.

        Raises:
            StateError: there is nothing to move, or the other store has documents.
        """
        return self.run(lambda: self._move(old, new, replace=replace))

    def _move(self, old: StoreIdentity, new: StoreIdentity, *, replace: bool) -> int:
        rows = [row for row in self._of(old) if is_whole(row)]
        if not rows:
            raise StateError(f"there is no state of {old}")
        if self._of(new) and not replace:
            raise StateError(f"{new} has state already; --replace forgets it")
        self._forget(new)
        for row in rows:
            self._insert_moved(Key(*new, row[5]), row)
        self._forget(old)
        return len(rows)

    def _insert_moved(self, key: Key, row: Sequence[Any]) -> None:
        # No process has read such a revision, so none overwrites the moved document.
        document, revision = row[6], row[7] and row[7] + _MOVED
        self.execute(
            f"INSERT INTO {DOCUMENTS} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, *self._sealed(key, document, revision), key_checksum(key)),
        )

    def forget(self, identity: StoreIdentity) -> int:
        """Delete a store's documents and return their number."""
        return self.run(lambda: self._forget(identity))

    def _of(self, identity: StoreIdentity) -> list[Sequence[Any]]:
        statement = f"SELECT {self.handle}, {COLUMNS} FROM {DOCUMENTS} WHERE {_WHOSE}"
        found: list[Sequence[Any]] = self.execute(statement, identity).fetchall()
        return found

    def _forget(self, identity: StoreIdentity) -> int:
        count: int = self.execute(f"DELETE FROM {DOCUMENTS} WHERE {_WHOSE}", identity).rowcount
        return count
