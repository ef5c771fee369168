"""Connections in pages, and lists in numbered ones: each node once, and never for ever."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.graphql import documents
from store_exporter.platforms.kit.graphql.documents import NodePage
from store_exporter.platforms.kit.reading import lists
from store_exporter.platforms.kit.reading.fields import Fields


def connection(nodes: Any, after: str | None = None) -> Fields:
    info = {"hasNextPage": after is not None, "endCursor": after}
    return Fields({"nodes": nodes, "pageInfo": info}, "products")


def pages(total: int) -> Callable[[int, str | None], Plan[NodePage]]:
    """A connection of so many nodes, which are their numbers."""

    def ask(first: int, after: str | None) -> Plan[NodePage]:
        yield from ()
        begin = int(after or 0)
        end = min(begin + first, total)
        more = str(end) if end < total else None
        return documents.page(connection(list(range(begin, end)), more), after)

    return ask


def outcome(plan: Generator[Any, Any, Any]) -> Any:
    with pytest.raises(StopIteration) as end:
        next(plan)
    return end.value.value


@pytest.mark.parametrize(
    ("total", "limit", "read", "complete"),
    [(0, 10, 0, True), (250, 1000, 250, True), (250, 120, 120, False), (120, 120, 120, True)],
)
def test_a_connection_is_read_to_its_end_or_to_the_limit(
    total: int, limit: int, read: int, complete: bool
) -> None:
    found = outcome(documents.nodes(pages(total), limit))
    assert found.items == list(range(read))
    assert found.complete is complete


def test_a_connection_is_not_read_for_ever() -> None:
    found = outcome(documents.nodes(pages(10**6), 10**6))
    assert len(found.items) == documents.MAX_PAGES * documents.PAGE
    assert not found.complete


def test_a_whole_connection_is_all_of_it_or_an_error() -> None:
    assert outcome(documents.all_nodes(pages(150), "products", 150)) == list(range(150))
    with pytest.raises(StoreError, match="products: there are more than 149"):
        next(documents.all_nodes(pages(150), "products", 149))


def test_a_cursor_that_does_not_move_is_an_error() -> None:
    with pytest.raises(StoreError, match="the cursor does not move"):
        documents.page(connection([1], "c"), "c")


@dataclass
class Numbered:
    items: list[Any]
    total: int | None = None
    pages: int | None = None


def numbered(every: list[Numbered]) -> Callable[[int, int], Plan[lists.NumberedPage]]:
    def ask(number: int, size: int) -> Plan[lists.NumberedPage]:
        yield from ()
        return every[number - 1] if number <= len(every) else Numbered([])

    return ask


def test_what_a_shifted_page_repeats_is_there_once() -> None:
    rows = [{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], [{"id": 4}]
    asked = numbered([Numbered(items, 4) for items in rows])
    found = outcome(lists.read_pages(asked, size=2, most=5))
    assert [row["id"] for row in found.items] == [1, 2, 3, 4]
    assert (found.total, found.complete) == (4, True)


def test_numbered_pages_end_at_the_limit_at_a_condition_or_at_the_most() -> None:
    every = [Numbered([{"id": 2 * n}, {"id": 2 * n + 1}]) for n in range(9)]
    asked = numbered(every)
    assert len(outcome(lists.read_pages(asked, size=2, most=5, limit=3)).items) == 3
    ended = outcome(lists.read_pages(asked, size=2, most=5, until=lambda row: row["id"] == 5))
    assert len(ended.items) == 5
    cut = outcome(lists.read_pages(asked, size=2, most=3))
    assert (len(cut.items), cut.complete) == (6, False)
    with pytest.raises(StoreError, match="there are more than 6 products"):
        cut.whole("products")


def test_a_next_page_without_a_cursor_to_it_is_an_error_unless_enough_was_read() -> None:
    def ask(first: int, after: str | None) -> Plan[NodePage]:
        yield from ()
        info = {"hasNextPage": True, "endCursor": None}
        nodes = list(range(min(first, 50)))
        return documents.page(Fields({"nodes": nodes, "pageInfo": info}, "products"), after)

    found = outcome(documents.nodes(ask, 50))
    assert (len(found.items), found.complete) == (50, False)
    for plan in (documents.nodes(ask, 51), documents.all_nodes(ask, "products", 60)):
        with pytest.raises(StoreError, match="there is a next page, but no cursor to it"):
            next(plan)
