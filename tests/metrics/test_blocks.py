"""What is published stays written, and is never older than what was published last."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from store_exporter.metrics.births import EVERYTHING
from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.exposition import (
    render_openmetrics,
    render_protobuf,
    render_text,
)
from store_exporter.metrics.families import Family, Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.metrics.scrapers import Scraper
from tests.fakes.clock import Clock
from tests.metrics.figures import series
from tests.steps import counting

SHOPS = [("acme", f"shop{number}.example.com", "woocommerce") for number in range(3)]
PHASES = ("resolve", "connect", "tls")

Found = tuple[float, list[str], int, bool]
"""Success, the phases that there are, orders, and whether it is known where they began."""

probes = st.tuples(
    st.sampled_from(SHOPS),
    st.tuples(
        st.sampled_from([0.0, 1.0]),
        st.lists(st.sampled_from(PHASES), unique=True),
        st.integers(0, 3),
        st.booleans(),
    ),
)


def record(
    recorder: Recorder,
    shop: tuple[str, str, str],
    found: Found,
) -> None:
    """Do what a probe and a collector do."""
    ok, phases, orders, begun = found
    samples = [Sample(health.PROBE_SUCCESS, ok, {"probe": "liveness"})]
    samples += [
        Sample(health.PROBE_PHASE, ok / 8, {"probe": "liveness", "phase": phase})
        for phase in phases
    ]
    samples.append(Sample(business.ORDERS, orders, {"status": "paid"}, 0.0 if begun else None))
    recorder.publish(("liveness", shop[1]), shop, samples)
    recorder.inc(health.API_REQUESTS, (*shop, "liveness"), orders)
    recorder.observe(health.PROBE_DURATION, (*shop, "liveness"), orders / 8)


def plain(families: Iterator[Family]) -> list[Family]:
    """Return families as anybody may make them, of which nothing is kept."""
    return [
        Family(one.metric, list(one.series), list(one.created_times()), one.before)
        for one in families
    ]


@given(st.lists(st.one_of(probes, st.none()), max_size=30), st.booleans())
def test_what_is_kept_is_what_would_be_written_now(
    events: list[tuple[tuple[str, str, str], Found] | None], as_scraper: bool
) -> None:
    recorder = Recorder(clock=lambda: 1000.0, monotonic=Clock().now)
    for event in (*events, None, None):
        if event is not None:
            record(recorder, *event)
            continue
        look = recorder.scrape(Scraper("a")) if as_scraper else recorder.look(EVERYTHING)
        families = list(look.families)
        again = plain(iter(families))
        assert list(render_text(families)) == list(render_text(again))
        assert list(render_openmetrics(families)) == list(render_openmetrics(again))
        for classic in (True, False):
            kept = b"".join(render_protobuf(families, classic=classic))
            assert kept == b"".join(render_protobuf(again, classic=classic))
        look.complete()


def test_a_series_that_two_groups_have_stands_once_as_the_last_one_has_it() -> None:
    recorder = Recorder()
    shop = SHOPS[0]
    recorder.publish("one", shop, [Sample(health.UP, 1), Sample(business.CUSTOMERS, 5)])
    recorder.publish("two", shop, [Sample(business.CUSTOMERS, 7)])
    text = b"".join(render_text(recorder.families())).decode()
    assert text.count("\nstore_customers{") == 1
    assert series(recorder, "store_customers") == {shop: 7}
    assert series(recorder, "store_up") == {shop: 1}


def test_a_scrape_writes_what_is_new_and_its_work_for_each_store_is_the_same_in_any_fleet() -> None:
    def work(number: int) -> tuple[int, int]:
        recorder = Recorder()
        shops = [("acme", f"shop{index}.example.com", "woocommerce") for index in range(number)]
        for shop in shops:
            record(recorder, shop, (1.0, list(PHASES), 1, True))
        for _ in range(2):
            list(render_text(recorder.families()))
        with counting() as idle:
            list(render_text(recorder.families()))
        for shop in shops:
            record(recorder, shop, (0.0, list(PHASES), 2, True))
        with counting() as busy:
            list(render_text(recorder.families()))
        return idle.count, busy.count

    few, more, most = work(10), work(100), work(190)
    for before, between, after in zip(few, more, most, strict=True):
        # As many stores more are as many steps more, but for what is done by batches.
        assert abs((after - between) - (between - before)) < 0.02 * after
    assert (most[0] - few[0]) / 180 < 450
    assert (most[1] - most[0]) / 190 > 10 * 100
