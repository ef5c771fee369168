"""Where a pass over a list of orders begins while orders show no id."""

from __future__ import annotations

import json

from store_exporter.platforms.kit.order_book.list_pass import Pass
from store_exporter.platforms.kit.order_book.saved import restored

HOUR = 3600


def saved(place: Pass) -> Pass:
    """Return a place as the next run finds it."""
    return restored(Pass, json.loads(json.dumps(place.to_document())))


def ended(place: Pass) -> Pass:
    """Return a pass that read its list to the end."""
    place.end()
    return saved(place)


def begun(place: Pass, begin: int, now: int) -> Pass:
    """Return the next pass, which would begin at a time."""
    place.start(place.again_from(begin, now))
    return saved(place)


def test_a_pass_begins_where_an_order_showed_no_id_until_it_shows_one() -> None:
    place = Pass(1000, 1000)
    place.miss(1200, now=1300)
    place = begun(ended(place), 1240, now=1400)
    assert place.begin == 1200
    place = begun(ended(place), 1240, now=1500)
    assert (place.begin, place.nameless, place.given_up) == (1240, [], 0)


def test_an_order_without_a_time_is_after_the_page_before_it() -> None:
    place = Pass(1000, 1000)
    place.miss(None, now=1300)
    place.reached = 1100
    place.miss(None, now=1300)
    assert [one.changed for one in place.nameless] == [1000, 1100]


def test_what_shows_no_id_for_an_hour_is_given_up_and_counted() -> None:
    place = Pass(1000, 1000)
    for now in (1300, 1300 + HOUR, 1301 + HOUR):
        place.miss(1200, now)
        place = ended(place)
        place = begun(place, 1240, now)
    assert (place.begin, place.given_up, place.given_up_at) == (1240, 1, 1301 + HOUR)


def test_a_pass_that_takes_hours_is_no_reason_to_give_an_order_up() -> None:
    place = Pass(1000, 1000)
    place.miss(1200, now=1300)
    place = begun(ended(place), 8900, now=1300 + 3 * HOUR)
    assert (place.begin, place.given_up) == (1200, 0)


def test_a_pass_that_ended_early_has_found_nothing() -> None:
    place = Pass(1000, 1000)
    place.miss(1200, now=1300)
    place = begun(ended(place), 1240, now=1400)
    place = begun(place, 1240, now=1500)
    assert place.begin == 1200


def test_of_many_nameless_orders_a_hundred_are_read_again() -> None:
    place = Pass(1000, 1000)
    for number in range(105):
        place.miss(1000 + number, now=1300)
    assert (len(place.nameless), place.given_up) == (100, 5)
