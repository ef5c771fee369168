"""What is remembered of stores, under which key, and what may go wrong with it. No I/O.

A document belongs to a tenant's store and not to a name: it is kept under org, platform, domain and
address. A domain that moves to another org, or is given another address or platform, begins anew
and never goes on with the figures of the one before.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from ...errors import StoreError
from ...net.url import normal
from ...stores.model import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

KEPT_SECONDS = 90 * 86_400
"""Documents that nobody used for this long belong to stores that are gone."""
UNUSED_SECONDS = 2 * 86_400
"""A store whose documents nobody used for this long is left behind, and shown as such."""
DAMAGED = " (damaged)"
"""Ends the collector's name of a document that was set aside."""

_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a document raises that this version did not write."""
_ADDRESSES = 16_384
"""How many have their normal form remembered: those of a fleet are needed again and again."""

Reason = Literal["full", "unavailable", "conflict"]
"""Values of the label `reason` of `store_exporter_state_errors_total`."""


class StateError(Exception):
    """The state cannot be used at all; the message says why and what to do."""


class StateUnavailableError(StoreError):
    """What is remembered cannot be read or saved now, which says nothing about the store.

    Attributes:
        reason: why, for the label.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__("local_failure", message)
        self.reason = reason


class StoreIdentity(NamedTuple):
    """Whose documents they are."""

    org: str
    platform: str
    domain: str
    address: str

    @classmethod
    def of(cls, store: Store) -> StoreIdentity:
        """Return a store's, with its address in normal form where it has one."""
        return cls(store.org, store.platform, store.domain, _address(store.url))

    def __str__(self) -> str:
        return f"{self.domain} of {self.org} ({self.platform} at {self.address or 'no address'})"


@lru_cache(maxsize=_ADDRESSES)
def _address(url: str) -> str:
    try:
        return normal(url)
    except ValueError:
        return url


class Key(NamedTuple):
    """Which document it is."""

    org: str
    platform: str
    domain: str
    address: str
    collector: str

    @classmethod
    def of(cls, store: Store, collector: str) -> Key:
        """Return the key of a store's collector."""
        return cls(*StoreIdentity.of(store), collector)

    @property
    def identity(self) -> StoreIdentity:
        """Whose document it is."""
        return StoreIdentity(*self[:4])


class Saved(NamedTuple):
    """A document as JSON, and how often it was saved, by which a writer proves that it read it."""

    document: str
    revision: int


def understood(key: Key, saved: Saved | None, read: Callable[[Any], T], otherwise: T) -> T:
    """Return what a saved document says.

    Args:
        key: names the document in the log.
        saved: the document; None if there is none.
        read: returns the meaning of its JSON; may raise whatever malformed data makes it raise.
        otherwise: the result for a missing or malformed document; the latter is also logged.
    """
    if saved is None:
        return otherwise
    try:
        return read(json.loads(saved.document))
    except _MALFORMED as error:
        name = key.collector.strip("()")
        log.warning("the saved %s of %s cannot be understood: %r", name, key.domain, error)
        return otherwise


class Write(NamedTuple):
    """A document to save.

    Attributes:
        key: its key.
        document: as JSON.
        revision: of the document that it replaces, 0 where there was none; None replaces whatever
            is there.
    """

    key: Key
    document: str
    revision: int | None = None


class DocumentEntry(NamedTuple):
    """What is listed of a document.

    Attributes:
        key: its key.
        size: bytes of the document.
        used: Unix time at which it was last read or saved, to the day.
    """

    key: Key
    size: int
    used: int


class StorageEvents(NamedTuple):
    """What a `Storage` calls, from any thread.

    Attributes:
        lost: when something was damaged and set aside.
        left_behind: with the number of stores whose documents nobody used for two days.
    """

    lost: Callable[[], None] = lambda: None
    left_behind: Callable[[int], None] = lambda _: None


class Storage(Protocol):
    """Where documents are kept. Every call blocks, and all come from one thread at a time.

    Each method raises `StateUnavailableError`. Damage is no error: what is damaged is set aside,
    counted and logged, and is there no more.
    """

    def get(self, key: Key) -> Saved | None:
        """Return a document; None when there is none."""
        ...

    def put(self, writes: Iterable[Write]) -> list[int | None]:
        """Save documents durably, all in one transaction.

        Returns:
            the new revision of each; None for one that another process saved meanwhile, of which
            nothing is changed.
        """
        ...

    def entries(self) -> list[DocumentEntry]:
        """Return what there is, in the order of keys."""
        ...

    def move(self, old: StoreIdentity, new: StoreIdentity, *, replace: bool = False) -> int:
        """Give one store's documents to another and return how many they are.

        Args:
            old: whose they are.
            new: whose they will be.
            replace: whether documents that the other one has are forgotten.

        Raises:
            StateError: there is nothing to move, or the other one has documents.
        """
        ...

    def forget(self, identity: StoreIdentity) -> int:
        """Forget a store's documents and return how many they were."""
        ...

    def close(self) -> None:
        """Give up what is held. Later calls raise `StateUnavailableError`."""
        ...


def key_checksum(key: Key) -> bytes:
    """Return what proves that a key is as it was written."""
    return _digest(part.encode("utf-8", "surrogatepass") for part in key)


def checksum(key: Key, document: bytes, revision: int, used: int) -> bytes:
    """Return what proves that a document, and all that is kept beside it, is as it was written."""
    numbers = f"{revision} {used}".encode()
    return _digest([*(p.encode("utf-8", "surrogatepass") for p in key), numbers, document])


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
