"""What a comparison of the store's list with what was read keeps in mind."""

from __future__ import annotations

import json
from dataclasses import asdict

from store_exporter.platforms.kit.order_book.comparison import Comparison
from store_exporter.platforms.kit.order_book.saved import restored


def test_a_reading_of_an_earlier_version_settles_nothing() -> None:
    state = Comparison(0, awaited={"1": 1000})
    state.note_reading("1", 999, 5000)
    assert state.awaited == {"1": 1000}
    state.note_reading("1", 998, 998)
    assert (state.awaited, state.again) == ({"1": 1000}, {"1": 998})


def test_an_order_is_read_again_until_the_second_of_its_change_is_over() -> None:
    state = Comparison(0)
    state.note_reading("1", 1000, 1001)
    state.note_reading("1", 999, 5000)
    assert state.again == {"1": 1000}
    state.note_reading("1", 1000, 5000)
    assert state.again == {}


def test_a_comparison_goes_on_as_it_was_saved() -> None:
    state = Comparison(7, 9, "cursor", {"1": 1000}, {"2": 3000})
    document = json.loads(json.dumps(asdict(state)))
    assert restored(Comparison, document) == state
