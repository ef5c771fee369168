"""How large a page may be, as a store's responses show it."""

from __future__ import annotations

import pytest

from store_exporter.errors import ErrorName, StoreError
from store_exporter.net.page_sizes import PageSizes
from tests.fakes.clock import SettableClock

PATH = "/orders"
LATE = StoreError("timeout", "nothing came in time")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def sizes(clock: SettableClock) -> PageSizes:
    """What is known after a store did not send a hundred items within ten seconds."""
    sizes = PageSizes(clock)
    sizes.failed(PATH, 100, LATE, 10.0)
    return sizes


def test_a_page_that_comes_in_little_time_may_be_larger(sizes: PageSizes) -> None:
    sizes.came(PATH, 50, 2.5)
    assert sizes.limit(PATH, 100) == 100


def test_a_page_that_takes_long_shows_that_a_larger_one_takes_too_long(sizes: PageSizes) -> None:
    sizes.came(PATH, 50, 2.6)
    assert sizes.limit(PATH, 100) == 50


def test_an_outage_leaves_small_pages_for_an_hour_to_a_store_whose_every_request_takes_long(
    sizes: PageSizes, clock: SettableClock
) -> None:
    sizes.failed(PATH, 50, LATE, 10.0)
    for clock.now, expected in ((3599.0, 25), (3600.0, 50), (3700.0, 50), (7200.0, 100)):
        sizes.came(PATH, sizes.limit(PATH, 100), 4.0)
        assert sizes.limit(PATH, 100) == expected


def test_a_page_that_is_not_full_shows_nothing(sizes: PageSizes, clock: SettableClock) -> None:
    clock.now = 3600.0
    sizes.came(PATH, 49, 0.1)
    assert sizes.limit(PATH, 100) == 50


BROKEN = StoreError("server_error", "Allowed memory size exhausted", status=500)


def test_the_largest_page_that_does_not_fail_at_once_is_found_in_few_requests(
    clock: SettableClock,
) -> None:
    """PHP ends what takes more memory than it may within a second."""
    sizes, requested = PageSizes(clock), []
    for _ in range(12):
        requested.append(size := sizes.limit(PATH, 100))
        if size > 45:
            sizes.failed(PATH, size, BROKEN, 0.3)
            assert sizes.smaller(PATH, size, BROKEN) == 10
        else:
            sizes.came(PATH, size, 0.3)
    assert requested == [100, 10, 20, 40, 80, 10, 20, *[40] * 5]
    clock.now = 3600.0
    sizes.came(PATH, 40, 0.3)
    assert sizes.limit(PATH, 100) == 80


def test_a_store_that_fails_whatever_the_size_gets_one_more_request_and_large_pages_afterwards(
    clock: SettableClock,
) -> None:
    sizes = PageSizes(clock)
    sizes.failed(PATH, 100, BROKEN, 0.1)
    assert sizes.smaller(PATH, 100, BROKEN) == 10
    sizes.failed(PATH, 10, BROKEN, 0.1)
    assert sizes.smaller(PATH, 10, BROKEN) is None
    assert sizes.limit(PATH, 100) == 100


def test_what_is_known_of_a_store_outlasts_an_outage_in_which_everything_fails_at_once(
    sizes: PageSizes, clock: SettableClock
) -> None:
    sizes.failed(PATH, 50, BROKEN, 0.1)
    assert sizes.smaller(PATH, 50, BROKEN) == 10
    sizes.failed(PATH, 10, BROKEN, 0.1)
    assert sizes.smaller(PATH, 10, BROKEN) is None
    assert sizes.limit(PATH, 100) == 50
    sizes.came(PATH, 50, 2.6)
    assert sizes.limit(PATH, 100) == 50


def test_a_short_list_that_comes_in_small_pages_proves_that_large_ones_failed_for_their_size(
    clock: SettableClock,
) -> None:
    sizes = PageSizes(clock)
    sizes.failed(PATH, 100, BROKEN, 0.1)
    sizes.came(PATH, 7, 0.1)
    sizes.failed(PATH, 10, BROKEN, 0.1)
    assert sizes.limit(PATH, 100) == 10


@pytest.mark.parametrize("kind", ["timeout", "connection", "unauthorized"])
def test_what_else_comes_at_once_says_nothing_about_the_size(
    clock: SettableClock, kind: ErrorName
) -> None:
    sizes = PageSizes(clock)
    sizes.failed(PATH, 100, StoreError(kind, "at once"), 0.1)
    assert sizes.limit(PATH, 100) == 100
