"""Connections in pages: each node once, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.graphql import documents
from store_exporter.platforms.kit.graphql.documents import NodePage
from store_exporter.platforms.kit.reading.fields import Fields
from tests.fakes.plans import result


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


@pytest.mark.parametrize(
    ("total", "limit", "read", "complete"),
    [(0, 10, 0, True), (250, 1000, 250, True), (250, 120, 120, False), (120, 120, 120, True)],
)
def test_a_connection_is_read_to_its_end_or_to_the_limit(
    total: int, limit: int, read: int, complete: bool
) -> None:
    found = result(documents.nodes(pages(total), limit))
    assert found.items == list(range(read))
    assert found.complete is complete


def test_a_connection_is_not_read_for_ever() -> None:
    found = result(documents.nodes(pages(10**6), 10**6))
    assert len(found.items) == documents.MAX_PAGES * documents.PAGE
    assert not found.complete


def test_a_whole_connection_is_all_of_it_or_an_error() -> None:
    assert result(documents.all_nodes(pages(150), "products", 150)) == list(range(150))
    with pytest.raises(StoreError, match="products: there are more than 149"):
        next(documents.all_nodes(pages(150), "products", 149))


def test_a_cursor_that_does_not_move_is_an_error() -> None:
    with pytest.raises(StoreError, match="the cursor does not move"):
        documents.page(connection([1], "c"), "c")


def test_a_next_page_without_a_cursor_to_it_is_an_error_unless_enough_was_read() -> None:
    def ask(first: int, after: str | None) -> Plan[NodePage]:
        yield from ()
        info = {"hasNextPage": True, "endCursor": None}
        nodes = list(range(min(first, 50)))
        return documents.page(Fields({"nodes": nodes, "pageInfo": info}, "products"), after)

    found = result(documents.nodes(ask, 50))
    assert (len(found.items), found.complete) == (50, False)
    for plan in (documents.nodes(ask, 51), documents.all_nodes(ask, "products", 60)):
        with pytest.raises(StoreError, match="there is a next page, but no cursor to it"):
            next(plan)


def moving(first: int, after: str | None) -> Plan[NodePage]:
    """Three nodes and two that have no id, the second of which moves on to the next page."""
    yield from ()
    one, two, three = ({"id": f"gid://{number}", "page": after} for number in "123")
    rows = [two, three, None, {}] if after else [one, two, None, {}]
    return documents.page(connection(rows, None if after else "next"), after)


def test_a_node_that_comes_again_on_the_next_page_counts_once() -> None:
    expected: list[Any] = ["gid://1", "gid://2", None, {}, "gid://3", None, {}]
    for found in (
        result(documents.nodes(moving, 100)).items,
        result(documents.all_nodes(moving, "products", 100)),
        result(documents.nodes(moving, 100, lambda _: True)).items,
    ):
        assert [node["id"] if node else node for node in found] == expected
        assert [node["page"] for node in found if node] == [None, None, "next"]
