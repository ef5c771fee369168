"""The model of the rate limit, against a bucket that behaves as Shopify's does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_demo.stores.shopify.cost import Bucket as RealBucket
from store_exporter.platforms.kit.graphql.bucket import Bucket, Cost, QueryCostError
from tests.fakes.clock import Clock


def told(real: RealBucket, requested: float, actual: float | None) -> Cost:
    return Cost(requested, actual, real.maximum, real.available, real.restore_rate)


@given(
    share=st.sampled_from([0.1, 0.25, 0.5, 1.0]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.floats(0.0, 30.0),
            st.booleans(),
        ),
        max_size=60,
    ),
)
def test_what_is_granted_is_there_and_leaves_the_others_their_part(
    share: float, steps: list[tuple[str, float, bool]]
) -> None:
    costs = {"a": 1.0, "b": 7.0, "c": 9.5}
    clock = Clock()
    real = RealBucket(clock.now)
    real.maximum, real.restore_rate = 100.0, 5.0
    real.lowest = real.maximum
    model = Bucket(clock.now, share)
    for query, cost in costs.items():
        # Each has been asked once before, so that its cost is known.
        model.settle(query, 0.0, Cost(cost, cost, 100.0, 100.0, 5.0))
    under_way: list[tuple[str, float]] = []
    for query, seconds, answered in steps:
        clock.advance(seconds)
        claim = model.claim(query)
        if claim.wait:
            clock.advance(claim.wait)
            claim = model.claim(query)
        if not claim.wait:
            assert real.spend(costs[query])
            under_way.append((query, claim.points))
        if answered and under_way:
            name, points = under_way.pop(0)
            model.settle(name, points, told(real, costs[name], costs[name]))
        assert real.lowest >= 100.0 * (1 - share) - 1e-6


@given(
    fixed=st.floats(0.5, 10.0),
    each=st.floats(0.1, 20.0),
    wanted=st.integers(1, 250),
    maximum=st.floats(35.0, 2000.0),
)
def test_the_size_of_a_page_comes_to_rest_within_the_limit(
    fixed: float, each: float, wanted: int, maximum: float
) -> None:
    model = Bucket(Clock().now)
    size = model.page("q", wanted)
    assert size == wanted
    for _ in range(40):
        cost = fixed + each * size
        model.settle("q", 0.0, Cost(cost, cost, maximum, maximum, 100.0), size)
        if cost <= maximum:
            break
        smaller = model.page("q", wanted)
        assert smaller < size
        size = smaller
    assert fixed + each * size <= maximum
    model.claim("q", size)


def test_who_has_a_share_begins_with_one_item_and_goes_on_with_as_many_as_it_may() -> None:
    model = Bucket(Clock().now, 0.25)
    model.settle("other", 0.0, Cost(1.0, 1.0, 400.0, 400.0, 50.0))
    assert model.page("q", 50) == 1
    model.settle("q", 0.0, Cost(5.0, 5.0, 400.0, 400.0, 50.0), 1)
    assert model.page("q", 50) == 20
    assert model.page("q", 10) == 10


def test_what_can_never_be_granted_is_refused_rather_than_put_off() -> None:
    model = Bucket(Clock().now, 0.25)
    model.settle("q", 0.0, Cost(30.0, 30.0, 100.0, 100.0, 5.0))
    with pytest.raises(
        QueryCostError, match="q costs 30 points of the rate limit, and may cost 25"
    ):
        model.claim("q")


def test_a_limit_that_grows_lets_it_pass() -> None:
    model = Bucket(Clock().now, 0.25)
    model.settle("q", 0.0, Cost(30.0, 30.0, 100.0, 100.0, 5.0))
    model.settle("other", 0.0, Cost(1.0, 1.0, 2000.0, 2000.0, 100.0))
    assert model.claim("q").wait == 0.0


def test_a_query_without_a_response_keeps_its_points_until_they_are_restored() -> None:
    clock = Clock()
    model = Bucket(clock.now)
    model.settle("q", 0.0, Cost(60.0, 60.0, 100.0, 100.0, 5.0))
    claim = model.claim("q")
    model.settle("q", claim.points, None)
    # Shopify may have run it, so the points are gone until they flow back.
    waits = model.claim("q").wait
    assert waits == pytest.approx(4.0)
    clock.advance(waits)
    assert model.claim("q").wait == 0.0
