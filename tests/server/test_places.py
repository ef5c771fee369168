from __future__ import annotations

from contextlib import ExitStack

import pytest

from store_exporter.server.places import FullError, Places


def test_places_are_counted_for_each_and_in_all_and_given_back() -> None:
    places = Places(5, 2)
    with ExitStack() as stack:
        for who in ("a", "a", "b", "b", "c"):
            stack.enter_context(places.occupied(who))
        for who, own in (("a", True), ("b", True), ("c", False), ("d", False)):
            with pytest.raises(FullError) as full, places.occupied(who):
                pass
            assert full.value.own is own
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(places.occupied("d"))


def test_a_place_is_given_back_when_its_request_fails() -> None:
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="it failed"), places.occupied():
            raise ValueError("it failed")
    with places.occupied():
        pass
