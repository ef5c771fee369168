from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_exporter.stores.inventory import Inventory, Shard
from store_exporter.stores.model import Secret, Store, Unreadable


def store(domain: str, org: str = "acme", key: str = "k") -> Store:
    return Store(org, domain, "woocommerce", f"https://{domain}", {"key": Secret(key)})


def test_the_first_stores_are_all_added() -> None:
    inventory = Inventory()
    change = inventory.replace([store("a.example"), store("b.example")])
    assert [added.domain for added in change.added] == ["a.example", "b.example"]
    assert (change.removed, change.changed) == ((), ())
    assert list(inventory.stores) == ["a.example", "b.example"]


def test_a_change_shows_what_came_went_and_differs() -> None:
    inventory = Inventory()
    kept, gone, old = store("kept.example"), store("gone.example"), store("new-key.example")
    inventory.replace([kept, gone, old])
    new = store("new-key.example", key="other")
    change = inventory.replace([store("kept.example"), new, store("added.example")])
    assert change.added == (store("added.example"),)
    assert change.removed == (gone,)
    assert change.changed == ((old, new),)
    assert str(change) == "1 added, 1 removed, 1 changed"


def test_a_store_that_is_equal_stays_the_same_object() -> None:
    inventory = Inventory()
    first = store("a.example")
    inventory.replace([first])
    assert not inventory.replace([store("a.example")])
    assert inventory.stores["a.example"] is first


def test_a_domain_is_one_store_and_the_first_one_wins() -> None:
    inventory = Inventory()
    inventory.replace([store("a.example"), store("a.example", key="other")])
    assert inventory.stores["a.example"] == store("a.example")


def test_who_has_usable_secrets_has_the_domain_and_of_others_the_first() -> None:
    lost = [
        replace(store("a.example"), credentials={"key": Unreadable(why)}) for why in ("one", "two")
    ]
    for stores, chosen in (
        ([*lost, store("a.example")], store("a.example")),
        ([store("a.example"), *lost], store("a.example")),
        (lost, lost[0]),
    ):
        inventory = Inventory()
        inventory.replace(stores)
        assert inventory.stores["a.example"] == chosen


def test_what_is_prepared_changes_nothing_until_it_is_taken() -> None:
    inventory = Inventory()
    prepared = inventory.prepare([store("a.example")])
    assert not inventory.stores
    assert inventory.apply(prepared).added == (store("a.example"),)
    assert list(inventory.stores) == ["a.example"]


def test_an_org_has_its_own_stores_only() -> None:
    inventory = Inventory()
    inventory.replace([store("a.example"), store("z.example", "zen")])
    assert [found.domain for found in inventory.of("acme")] == ["a.example"]


DOMAINS = st.lists(st.from_regex(r"[a-z]{1,12}\.example", fullmatch=True), unique=True)


@given(DOMAINS, st.integers(1, 6))
def test_every_store_is_in_exactly_one_shard(domains: list[str], count: int) -> None:
    shards = [Shard(index, count) for index in range(count)]
    for domain in domains:
        assert sum(shard.has(domain) for shard in shards) == 1


@given(DOMAINS, st.integers(1, 6))
def test_one_more_shard_only_takes_over_and_moves_nothing_else(
    domains: list[str], count: int
) -> None:
    for domain in domains:
        before = next(i for i in range(count) if Shard(i, count).has(domain))
        after = next(i for i in range(count + 1) if Shard(i, count + 1).has(domain))
        assert after in (before, count)


def test_shards_are_about_as_large_as_each_other() -> None:
    domains = [f"s{number}.example" for number in range(3000)]
    sizes = [sum(map(Shard(index, 3).has, domains)) for index in range(3)]
    assert sum(sizes) == 3000
    assert min(sizes) > 900


def test_an_inventory_keeps_its_own_shard_only() -> None:
    stores = [store(f"s{number}.example") for number in range(40)]
    shards = [Inventory(Shard(index, 2)) for index in range(2)]
    for inventory in shards:
        inventory.replace(stores)
    assert len(shards[0].stores) + len(shards[1].stores) == 40
    assert not shards[0].stores.keys() & shards[1].stores.keys()


@pytest.mark.parametrize(("index", "count"), [(-1, 2), (2, 2), (0, 0)])
def test_a_shard_outside_its_count_is_refused(index: int, count: int) -> None:
    with pytest.raises(ValueError, match="below the count"):
        Shard(index, count)


def test_a_store_differs_by_its_limits_too() -> None:
    inventory = Inventory()
    inventory.replace([store("a.example")])
    assert inventory.replace([replace(store("a.example"), concurrency=2)]).changed
