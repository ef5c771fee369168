"""Lists in numbered pages: each item once, and never for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from store_exporter.errors import ErrorName, StoreError
from store_exporter.net.page_sizes import PageSizes
from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.reading.numbered_pages import NumberedPage, NumberedPages
from tests.fakes.plans import result


@dataclass
class Numbered:
    items: list[Any]
    total: int | None = None
    pages: int | None = None


def numbered(every: list[Numbered]) -> Callable[[int, int], Plan[NumberedPage]]:
    def ask(number: int, size: int) -> Plan[NumberedPage]:
        yield from ()
        return every[number - 1] if number <= len(every) else Numbered([])

    return ask


def test_what_a_shifted_page_repeats_is_there_once() -> None:
    rows = [{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], [{"id": 4}]
    asked = numbered([Numbered(items, 4) for items in rows])
    found = result(NumberedPages(asked, 2).read(10))
    assert [row["id"] for row in found.items] == [1, 2, 3, 4]
    assert (found.total, found.complete) == (4, True)


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ((4, 4, 5), ""),  # an old order came into the list before the place that was reached
        ((4, 3, 3), ""),  # one went, and another was passed over
        ((5, 5, 5), "the store has 5 orders, but sent 4"),
        ((None, None, 5), "the store has 5 orders, but sent 4"),
        ((None, None, None), ""),
    ],
)
def test_a_list_that_grows_while_it_is_read_is_whole_and_one_that_ends_early_is_not(
    totals: tuple[int | None, ...], message: str
) -> None:
    rows = [{"id": 1}, {"id": 2}], [{"id": 2}, {"id": 3}], [{"id": 4}]
    every = [Numbered(items, total, 3) for items, total in zip(rows, totals, strict=True)]
    taken: list[int] = []

    def read() -> Plan[int]:
        pages = NumberedPages(numbered(every), 2, left=lambda: 60.0)
        return pages.read_all(lambda row: taken.append(row.integer("id")), "orders")

    if message:
        with pytest.raises(StoreError, match=message) as caught:
            list(read())
        assert caught.value.error_type == "invalid_response"
    else:
        assert result(read()) == 0
    assert taken == [1, 2, 3, 4]


def test_numbered_pages_end_at_the_limit_at_a_condition_or_at_the_most() -> None:
    every = [Numbered([{"id": 2 * n}, {"id": 2 * n + 1}]) for n in range(9)]
    asked = numbered(every)
    assert len(result(NumberedPages(asked, 2).read(10, limit=3)).items) == 3
    ended = result(NumberedPages(asked, 2).read(10, until=lambda row: row["id"] == 5))
    assert len(ended.items) == 5
    cut = result(NumberedPages(asked, 2).read(6))
    assert (len(cut.items), cut.complete) == (6, False)
    with pytest.raises(StoreError, match="there are more than 6 products"):
        cut.whole("products")


@pytest.mark.parametrize("fails_from", [1, 2, 3])
@pytest.mark.parametrize("kind", ["timeout", "server_error", "response_too_large"])
def test_a_list_goes_on_in_smaller_pages_where_large_ones_fail(
    fails_from: int, kind: ErrorName
) -> None:
    sizes, known = [], PageSizes(lambda: 0.0)

    def ask(number: int, size: int) -> Plan[NumberedPage]:
        yield from ()
        sizes.append(size)
        if len(sizes) >= fails_from and size > 30:
            error = StoreError(kind, "no response")
            known.failed("", size, error, 9.0)
            raise error
        items = [{"id": one} for one in range(230)][(number - 1) * size : number * size]
        return Numbered(items, 230, -(-230 // size))

    smaller = partial(known.smaller, "")
    found = result(NumberedPages(ask, 100, smaller).read(1000))
    assert [row["id"] for row in found.items] == list(range(230))
    assert found.complete
    assert set(sizes) == {100, 50, 25}
    cut = result(NumberedPages(ask, 100, smaller).read(200))
    assert (len(cut.items), cut.complete) == (200, False)


@pytest.mark.parametrize(
    ("kind", "size", "took", "left"),
    [
        ("timeout", 10, 30.0, 99.0),
        ("timeout", 100, 4.0, 99.0),
        ("timeout", 100, 9.0, 9.0),
        ("connection", 100, 0.1, 99.0),
        ("forbidden", 100, 9.0, 99.0),
    ],
)
def test_what_is_not_too_large_or_has_no_time_is_requested_once(
    kind: ErrorName, size: int, took: float, left: float
) -> None:
    clock, asked, known = iter([left + took, left, left]), [], PageSizes(lambda: 0.0)

    def ask(number: int, size: int) -> Plan[NumberedPage]:
        yield from ()
        asked.append((number, size))
        error = StoreError(kind, "no response")
        known.failed("", size, error, took)
        raise error

    smaller, room = partial(known.smaller, ""), lambda: next(clock)
    with pytest.raises(StoreError, match="no response"):
        result(NumberedPages(ask, size, smaller, room).read(1000))
    assert asked == [(1, size)]
