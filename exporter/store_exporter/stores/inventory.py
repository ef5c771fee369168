"""The stores this process watches, and what changes when the configuration does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

from .model import Store


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several processes that share a configuration, each watching its part of the stores.

    Attributes:
        index: this process, from 0.
        count: how many there are.
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise ValueError("the shard's index must be at least 0 and below the count")

    def has(self, domain: str) -> bool:
        """Whether this process watches the store of a domain.

        Rendezvous hashing: adding a process moves only the stores that it takes over.
        """
        if self.count == 1:
            return True
        return max(range(self.count), key=lambda index: _weight(domain, index)) == self.index


def _weight(domain: str, index: int) -> bytes:
    return blake2b(f"{index}/{domain}".encode(), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Change:
    """How one inventory differs from the one before."""

    added: tuple[Store, ...] = ()
    removed: tuple[Store, ...] = ()
    changed: tuple[tuple[Store, Store], ...] = ()
    """Stores that remain but differ in something, such as a secret: before and after."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        return f"{len(self.added)} added, {len(self.removed)} removed, {len(self.changed)} changed"


@dataclass(frozen=True, slots=True)
class Replacement:
    """A new inventory, ready to replace the current one.

    Attributes:
        stores: the stores of this process, by domain.
        fleet: the stores of all shards, by domain.
        change: how the stores of this process differ from the current ones.
    """

    stores: Mapping[str, Store]
    fleet: Mapping[str, Store]
    change: Change


class Inventory:
    """The stores by domain. Of several stores of one domain, the first with usable secrets wins.

    Args:
        shard: the part of the stores that this process watches.
    """

    def __init__(self, shard: Shard | None = None) -> None:
        self._shard = shard or Shard()
        self._stores: Mapping[str, Store] = {}
        self._fleet: Mapping[str, Store] = {}

    @property
    def stores(self) -> Mapping[str, Store]:
        """The stores of this process by domain, in the order in which they were given."""
        return MappingProxyType(self._stores)

    @property
    def fleet(self) -> Mapping[str, Store]:
        """The stores of all shards by domain, in the same order."""
        return MappingProxyType(self._fleet)

    def of(self, org: str) -> list[Store]:
        """Return the stores of one tenant in all shards."""
        return [store for store in self._fleet.values() if store.org == org]

    def find(self, org: str, domain: str) -> Store | None:
        """Return a tenant's store with this domain, of any shard, or None."""
        store = self._fleet.get(domain.lower())
        return store if store is not None and store.org == org else None

    def prepare(self, stores: Iterable[Store]) -> Replacement:
        """Compare these stores with the current ones; changes nothing, so any thread may call it.

        A store that is equal to the current one keeps the same object.
        """
        before = self._stores
        fleet: dict[str, Store] = {}
        for store in stores:
            holder = fleet.get(store.domain)
            # An entry with usable secrets takes precedence over one that only names the domain.
            if holder is None or (holder.problem and not store.problem):
                known = self._fleet.get(store.domain)
                fleet[store.domain] = known if known == store and known is not None else store
        after = {domain: store for domain, store in fleet.items() if self._shard.has(domain)}
        change = Change(
            added=tuple(store for domain, store in after.items() if domain not in before),
            removed=tuple(store for domain, store in before.items() if domain not in after),
            changed=tuple(
                (before[domain], store)
                for domain, store in after.items()
                if domain in before and before[domain] is not store
            ),
        )
        return Replacement(after, fleet, change)

    def apply(self, replacement: Replacement) -> Change:
        """Switch to a prepared inventory, and return how it differs from the one before."""
        self._stores, self._fleet = replacement.stores, replacement.fleet
        return replacement.change

    def replace(self, stores: Iterable[Store]) -> Change:
        """Replace all stores with these, and return the change."""
        return self.apply(self.prepare(stores))
