"""The walk against a model store: what it reads, where it goes on, and what it does not believe."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from store_exporter.platforms.kit.order_book.ledger import Ledger
from store_exporter.platforms.kit.order_book.progress import ReadingProgress
from store_exporter.platforms.kit.order_book.saved import restored
from store_exporter.platforms.kit.order_book.walk import DAY, Walk, WalkQuery
from tests.platforms.kit.order_book.walking import OVERLAP, START, Reader, Store


def test_orders_beyond_the_first_page_are_read_in_one_run() -> None:
    store = Store()
    reader = Reader(store)
    reader.begin()
    for _ in range(10):
        store.now += 1
        store.place(paid=True)
    assert reader.run()
    assert reader.load()[0].counters.paid == 10


def test_a_hundred_orders_of_one_second_are_read_once_each() -> None:
    store = Store(now=START + 5)
    for _ in range(100):
        store.place(paid=True)
    reader = Reader(store, size=7)
    reader.begin(START)
    assert reader.run()
    assert reader.load()[0].counters.paid == 100
    assert store.queries < 30


def test_a_second_that_changes_while_it_is_read_is_read_again() -> None:
    store = Store(now=START + 5)
    for _ in range(12):
        store.place(paid=True)
    walk = Walk(START + 5)
    ledger = Ledger(START, START + 5)
    step = 0
    while True:
        orders, total = store.page(walk.query(4), 4)
        for order in orders:
            ledger.apply(order)
        if not walk.advance([o.id for o in orders], [o.modified for o in orders], total):
            break
        step += 1
        if step == 2:
            # The first of the second leaves it, and the others move up a place.
            store.now += 50
            store.change("1", status="completed")
    assert ledger.counters.paid == 12


def test_a_run_that_is_cut_short_goes_on_where_it_stopped_without_an_overlap() -> None:
    store = Store()
    for _ in range(90):
        store.now += 1
        store.place(paid=True)
    reader = Reader(store, size=3)
    reader.begin(START)
    runs = 0
    while not reader.run(pages=2):
        runs += 1
        assert runs < 60, "the overlap must not eat the progress"
    assert reader.load()[0].counters.paid == 90
    assert reader.load()[1].backlog == 0


def test_a_long_second_makes_progress_over_many_short_runs() -> None:
    store = Store(now=START + 1)
    for _ in range(100):
        store.place(paid=True)
    reader = Reader(store, size=3)
    reader.begin(START)
    runs = 0
    while not reader.run(pages=2):
        runs += 1
        assert runs < 100
    assert reader.load()[0].counters.paid == 100


def test_the_backlog_shows_what_is_left() -> None:
    store = Store()
    for _ in range(30):
        store.now += 1
        store.place()
    reader = Reader(store, size=5)
    reader.begin(START)
    reader.run(pages=2)
    assert 15 <= reader.load()[1].backlog <= 21


def test_a_store_whose_clock_is_set_back_loses_nothing() -> None:
    store = Store(now=START)
    reader = Reader(store)
    reader.begin()
    for _ in range(3):
        store.now += 300
        store.place(paid=True)
        reader.run()
    store.now -= 700
    for _ in range(3):
        store.now += 50
        store.place(paid=True)
        reader.run()
    assert reader.load()[0].counters.paid == 6


def test_an_order_changed_in_the_future_hides_no_other() -> None:
    store = Store(now=START)
    reader = Reader(store)
    reader.begin()
    store.now += 30 * DAY
    store.place(paid=True)
    store.now -= 30 * DAY
    reader.run()
    for _ in range(40):
        store.now += 300
        store.place(paid=True)
        reader.run()
    assert reader.load()[0].counters.paid == 41


@pytest.mark.parametrize(
    ("now", "server", "position"),
    [
        (START, START, START - 700),  # an ordinary run: up to what was read
        (START, None, START - 700),
        (START, START - 500, START - 1_100),  # the store was set back just now
        (START, START + 500, START - 700),
        (START, 0, START - 700),  # a Date header from 1970 is not believed
        (START, START + 30 * DAY, START - 700),
    ],
)
def test_the_next_pass_begins_at_what_was_read_but_not_after_the_previous_pass(
    now: int, server: int | None, position: int
) -> None:
    walk = Walk(
        START - 800,
        newest=START - 700,
        caught_up=True,
        previous=START - 600,
        started=START - 300,
    )
    walk.settle(now, server)
    assert walk.position == position


def test_our_own_clock_from_1970_is_not_believed() -> None:
    walk = Walk(START, newest=START, caught_up=True, previous=0, started=300)
    walk.settle(600, START + 10)
    assert walk.position == START + 10 - 600


def test_a_pass_begins_an_overlap_before_the_end_of_the_last_one() -> None:
    walk = Walk(START, newest=START, caught_up=True, previous=START, started=START + 300)
    walk.begin(START + 600, OVERLAP)
    assert walk.query(2) == WalkQuery(START - OVERLAP)
    assert not walk.caught_up


def test_a_pass_begins_behind_the_latest_change_once_nothing_can_be_written_before_it() -> None:
    walk, begun = Walk(START, newest=START - 1), []
    for now in range(START, START + 6 * OVERLAP, OVERLAP // 2):
        walk.begin(now, OVERLAP)
        begun.append(walk.position - START)
        rows = [START] if walk.position <= START else []
        while walk.advance([str(row) for row in rows], rows, len(rows)):
            rows = []
        walk.settle(now, now)
    # The first pass that began an overlap after the change was seen was the last to read it.
    assert begun == [-OVERLAP] * 3 + [1] * 9
    walk.newest = START + 10 * DAY
    walk.caught_up = True
    walk.settle(now, now)
    walk.begin(now, OVERLAP)
    assert walk.position == now - OVERLAP - OVERLAP // 2, "a date in the future is no reason"


def test_a_run_that_did_not_reach_the_end_goes_on_exactly_where_it_stopped() -> None:
    walk = Walk(START, newest=START + 50, previous=START - 600, started=START - 300)
    walk.settle(START, START)
    walk.begin(START + 300, OVERLAP)
    assert walk.position == START


def test_a_total_that_is_a_lie_ends_the_walk_all_the_same() -> None:
    walk = Walk(START)
    steps = 0
    rows = [START + 1, START + 2]
    while advance(walk, [row for row in rows if row >= walk.position][:2], 1_000_000):
        steps += 1
        if walk.page > 1:
            rows = []
        assert steps < 10
    assert walk.caught_up


def advance(walk: Walk, changed: list[int], total: int | None, first: int = 0) -> bool:
    """Take in a page of records whose ids count up from one."""
    return walk.advance([str(first + n) for n in range(len(changed))], changed, total)


def test_a_page_short_of_hidden_records_is_not_taken_for_the_last() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 1, START + 2], 7)
    assert walk.query(2) == WalkQuery(START + 2)
    assert walk.backlog == 5


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_usable_total_only_an_empty_page_is_the_end(total: int | None) -> None:
    walk = Walk(START, size=2)
    assert advance(walk, [START, START, START], total)
    assert walk.query(2) == WalkQuery(START, START, 1)
    assert advance(walk, [START, START, START], total)
    assert walk.query(2) == WalkQuery(START, START, 2)
    assert advance(walk, [START], total, first=3)
    assert walk.query(2) == WalkQuery(START, START, 3)
    assert advance(walk, [], total)
    assert walk.query(2) == WalkQuery(START + 1)
    assert not advance(walk, [], total)
    assert walk.caught_up


def test_a_total_that_counts_only_the_page_is_not_trusted() -> None:
    walk = Walk(START)
    assert advance(walk, [START + n for n in range(10)], 10)
    assert walk.query(2) == WalkQuery(START + 9)
    assert not walk.caught_up


def test_where_page_numbers_are_ignored_what_was_received_is_excluded() -> None:
    walk = Walk(START, size=2)
    for _ in range(3):
        assert advance(walk, [START, START], 4)
    assert walk.query(2) == WalkQuery(START, START, exclude=("0", "1"))
    assert advance(walk, [START, START], 2, first=2)
    assert walk.query(2) == WalkQuery(START + 1)
    assert walk.unread == []


def test_what_the_store_counts_and_never_shows_is_stepped_over_and_reported() -> None:
    walk = Walk(START)
    for _ in range(4):
        assert advance(walk, [START, START], 4)
    assert walk.query(2) == WalkQuery(START + 1)
    assert walk.unread == [(START, START, 2)]
    assert walk.look_again() == (START, START)
    walk.looked_again(1)
    assert restored(Walk, json.loads(json.dumps(asdict(walk)))).hidden == 1
    walk.looked_again(0)
    assert walk.look_again() is None


def test_what_is_counted_and_not_shown_among_what_was_shown_is_reported_once() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 5, START + 9], 3)
    # One was before this, one is here: the third is neither.
    assert not advance(walk, [START + 9], 1, first=1)
    assert walk.unread == [(START, START + 8, 1)]
    # The next pass comes by the same times.
    walk.begin(START + 20, 20)
    assert advance(walk, [START + 5, START + 9], 3)
    assert not advance(walk, [START + 9], 1, first=1)
    assert walk.hidden == 1


def test_hidden_records_of_too_many_times_are_reported_as_those_of_longer_ones() -> None:
    walk = Walk(START)
    for index in range(130):
        walk.position = START + 10 * index
        walk.second = True
        advance(walk, [], 1)
    assert walk.hidden == 130
    assert len(walk.unread) <= 100
    assert min(walk.unread)[0] == START
    assert max(until for _, until, _ in walk.unread) == START + 1_290


def test_short_pages_and_what_is_edited_meanwhile_hide_nothing() -> None:
    walk = Walk(START)
    assert advance(walk, [START + 5, START + 9], 5)
    # The first was edited, and is counted here as well.
    assert advance(walk, [START + 9, START + 12], 5, first=1)
    assert advance(walk, [START + 12, START + 15, START + 18], 4, first=2)
    assert walk.unread == []


def test_pages_without_any_time_of_change_are_numbered() -> None:
    walk = Walk(START, size=2)
    assert walk.advance(["1", "2"], [], 5)
    assert walk.advance(["3", "4"], [], 5)
    assert walk.query(2) == WalkQuery(START, None, 3)
    walk = restored(Walk, json.loads(json.dumps(asdict(walk))))
    assert not walk.advance(["5"], [], 5)
    assert walk.caught_up


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"position": "x"},
        {"position": 1, "unread": [[1, 2]]},
        {"position": -1},
        {"position": 1, "search": {"position": 2**40}},
        {"position": 1, "again": {"position": -1}},
    ],
)
def test_a_document_that_is_not_a_walk_is_refused(document: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        ReadingProgress.from_document(document)


def test_numbers_of_pages_begin_anew_with_another_size_of_page() -> None:
    walk = Walk(START, size=2)
    for _ in range(2):
        assert advance(walk, [START, START], 9)
    assert walk.query(2) == WalkQuery(START, START, 2)
    kept = restored(Walk, json.loads(json.dumps(asdict(walk))))
    assert kept.query(2) == WalkQuery(START, START, 2)
    assert kept.query(1) == WalkQuery(START, START, 1)
    assert kept.received == []


def test_a_second_of_which_orders_are_not_shown_ends_though_no_order_is_counted_beyond_it() -> None:
    walk = Walk(START, second=True)
    assert walk.advance(["1", "2"], [START] * 2, 3)
    # WooCommerce counts none on the page after the last one.
    assert walk.advance([], [], 0)
    assert not walk.second
    assert walk.hidden == 1
