"""The saved documents of stores: their keys, their errors and their checksums.

The key of a document has org, platform, domain and address of the store. So a domain that moves to
another org, or gets another address or platform, starts without state and never continues the
figures of the previous store.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

from ...errors import StoreError
from ...metrics.catalogue.values import StateErrorReason
from ...net.url import normal
from ...stores.model import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

KEPT_SECONDS = 90 * 86_400
"""Seconds without use after which a document is deleted."""
UNUSED_SECONDS = 2 * 86_400
"""Seconds without use of its documents after which a store counts as no longer watched."""
DAMAGED = " (damaged)"
"""End of the collector's name in the key of a damaged document."""
BUDGET, CALLS, EVENTS = "(budget)", "(calls)", "(events)"
MAINTENANCE, PUSHED = "(maintenance)", "(otlp)"
"""Names of documents that are not a collector's; no collector can have such a name."""

_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a document raises that this version did not write."""
_ADDRESSES = 16_384
"""Number of addresses whose normal form is cached; those of a fleet are needed repeatedly."""


class StateError(Exception):
    """The state cannot be used at all; the message says why and what to do."""


class StateUnavailableError(StoreError):
    """The state cannot be read or saved now, which says nothing about the store.

    Attributes:
        reason: the value of the label `reason`.
    """

    def __init__(self, reason: StateErrorReason, message: str) -> None:
        super().__init__("local_failure", message)
        self.reason = reason


class StoreIdentity(NamedTuple):
    """The store that a document belongs to; the address is in normal form, or as configured."""

    org: str
    platform: str
    domain: str
    address: str

    @classmethod
    def of(cls, store: Store) -> StoreIdentity:
        """Return the identity of a store."""
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
    """The key of a document; the collector's name may also be that of another document."""

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
        """The store that the document belongs to."""
        return StoreIdentity(*self[:4])


class Saved(NamedTuple):
    """A document as JSON, and its revision, which a writer must know to replace it."""

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
    """A document to save as JSON.

    It replaces the document of a revision, 0 if there was none; None replaces any.
    """

    key: Key
    document: str
    revision: int | None = None


class DocumentEntry(NamedTuple):
    """The entry of a document in a list.

    Attributes:
        key: its key.
        size: bytes of the document.
        used: Unix time at which it was last read or saved, accurate to the day.
    """

    key: Key
    size: int
    used: int


class StorageEvents(NamedTuple):
    """The functions that a state calls, from any thread.

    Attributes:
        lost: called when something was damaged and set aside.
        left_behind: called with the number of stores whose documents were not used for two days.
    """

    lost: Callable[[], None] = lambda: None
    left_behind: Callable[[int], None] = lambda _: None


def key_checksum(key: Key) -> bytes:
    """Return the checksum of a key."""
    return _digest(part.encode("utf-8", "surrogatepass") for part in key)


def checksum(key: Key, document: bytes, revision: int, used: int) -> bytes:
    """Return the checksum of a document with its key, revision and time of use."""
    numbers = f"{revision} {used}".encode()
    return _digest([*(p.encode("utf-8", "surrogatepass") for p in key), numbers, document])


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()
