"""Scrapers are told apart by what their requests show, and nothing that was shown is taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from store_exporter.metrics.births import HORIZON
from store_exporter.metrics.recorder import Recorder
from store_exporter.metrics.scrapers import MOST_SCRAPERS, Scraper, scraper_of
from tests.fakes.clock import Clock
from tests.servers import eventually

SHOP = ("acme", "shop.example.com", "woocommerce")
PROMETHEUS = "Prometheus/3.5.3"


class Process:
    """One process with one call, not scraped yet."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.recorder = Recorder(monotonic=self.clock.now)
        self.call()

    def call(self) -> None:
        handle = self.recorder.operation(*SHOP, "get_cart")
        handle.start()
        handle.finish(0.1)

    def total(self, scraper: Scraper) -> float:
        """Let a scraper have its scrape; return the operations that it is shown."""
        look = self.recorder.scrape(scraper)
        [family] = [one for one in look.families if one.metric.name == "store_operations_total"]
        [(_, value)] = family.series
        look.complete()
        assert isinstance(value, float)
        return value


@pytest.fixture
def process() -> Process:
    return Process()


def replica(port: int, is_open: Callable[[], bool] | None = None, timeout: float = 10) -> Scraper:
    return Scraper("", "10.0.0.1", port, PROMETHEUS, timeout, is_open)


@pytest.mark.parametrize(
    "other",
    [
        Scraper("", "10.0.0.2", 1, PROMETHEUS, 10),
        Scraper("", "10.0.0.1", 1, "vm_promscrape", 10),
        Scraper("", "10.0.0.1", 1, PROMETHEUS, 5),
        Scraper("b", "10.0.0.1", 1, PROMETHEUS, 10),
    ],
    ids=["address", "agent", "timeout", "name"],
)
def test_scrapers_differ_by_address_agent_timeout_and_name(
    process: Process, other: Scraper
) -> None:
    one = replica(1)
    assert (process.total(one), process.total(other)) == (0, 0)
    process.clock.advance(15)
    assert (process.total(one), process.total(other)) == (1, 1)


def test_a_scraper_is_known_by_its_name_wherever_it_comes_from(process: Process) -> None:
    assert process.total(Scraper("a", "10.0.0.1", 1, PROMETHEUS, 10)) == 0
    assert process.total(Scraper("a", "10.0.0.9", 2, "another", 5)) == 1


def test_a_scraper_that_gave_up_on_its_last_response_is_shown_the_births_again(
    process: Process,
) -> None:
    """It closed the connection, and comes on another one; what it was sent, it does not have."""

    def kept(port: int) -> Scraper:
        return Scraper("", "10.0.0.1", port, PROMETHEUS, 10, lambda: False, keeps=True)

    shown = []
    for port in (1, 2, 2, 3, 3):
        shown.append(process.total(kept(port)))
        process.clock.advance(15)
    # What it was shown with its value is never taken back.
    assert shown == [0, 0, 1, 1, 1]


def test_a_scraper_that_keeps_its_connection_is_known_by_it(process: Process) -> None:
    assert process.total(replica(1)) == 0
    process.clock.advance(1)
    assert process.total(replica(1)) == 1


def test_replicas_of_one_address_differ_by_the_connections_that_they_keep(
    process: Process,
) -> None:
    one, other = replica(1, lambda: True), replica(2, lambda: True)
    assert process.total(one) == 0
    process.clock.advance(12)
    assert process.total(other) == 0
    process.clock.advance(3)
    assert (process.total(one), process.total(other)) == (1, 1)


def test_a_scraper_whose_connection_was_closed_comes_again_on_another(process: Process) -> None:
    assert process.total(replica(1, lambda: False)) == 0
    process.clock.advance(1)
    assert process.total(replica(2, lambda: False)) == 1


def test_replicas_that_keep_no_connection_differ_by_coming_too_soon(process: Process) -> None:
    ports = iter(range(1, 100))
    assert process.total(replica(next(ports))) == 0
    process.clock.advance(5)
    assert process.total(replica(next(ports))) == 0
    for _ in range(3):
        process.clock.advance(10)
        assert process.total(replica(next(ports))) == 1
        process.clock.advance(5)
        assert process.total(replica(next(ports))) == 1


def test_steady_replicas_that_keep_no_connection_are_each_shown_a_birth(process: Process) -> None:
    ports = iter(range(1, 100))
    for wait in (5, 10) * 3:
        process.total(replica(next(ports)))
        process.clock.advance(wait)
    process.recorder.forget(SHOP)
    process.call()
    shown = []
    for wait in (5, 10) * 2:
        shown.append(process.total(replica(next(ports))))
        process.clock.advance(wait)
    assert shown == [0, 0, 1, 1]


def test_no_value_that_was_shown_to_one_of_an_address_falls_back_to_zero(
    process: Process,
) -> None:
    assert process.total(replica(1)) == 0
    process.clock.advance(15)
    assert process.total(replica(1)) == 1
    process.clock.advance(1)
    assert process.total(replica(2)) == 1


def test_nothing_falls_back_to_zero_after_a_standstill_in_which_requests_waited(
    process: Process,
) -> None:
    """Those that were given up come at once, each on a connection of its own, before the last."""

    def come(*ports: int) -> list[float]:
        shown = []
        for before, port in pairwise(ports):
            process.clock.advance(15 if port == before else 0)
            shown.append(process.total(replica(port)))
        return shown

    come(1, 1, 1, 2, 3, 3)
    process.recorder.forget(SHOP)
    process.call()
    assert come(3, 3, 3, 3, 4, 5, 5) == [0, 1, 1, 1, 1, 1]


def test_of_replicas_that_all_lost_their_connections_each_is_shown_a_birth(
    process: Process,
) -> None:
    opened = {1, 2}

    def kept(port: int) -> Scraper:
        return Scraper("", "10.0.0.1", port, PROMETHEUS, 10, lambda: port in opened, keeps=True)

    for port in (1, 2) * 2:
        process.total(kept(port))
        process.clock.advance(5)
    process.recorder.forget(SHOP)
    process.call()
    opened.clear()
    shown = []
    # In the other order than before, so that each is taken for the other one.
    for port in (4, 3) * 2:
        opened.add(port)
        shown.append(process.total(kept(port)))
        process.clock.advance(5)
    assert shown == [0, 0, 1, 1]


def test_a_request_whose_sender_has_gone_is_no_scrapers() -> None:
    told = headers(user_agent=PROMETHEUS, x_prometheus_scrape_timeout_seconds="10")
    assert scraper_of(told, "", ("10.0.0.1", 4711), is_open=lambda: False) is None
    assert scraper_of(told, "", ("10.0.0.1", 4711), is_open=lambda: True) is not None


def test_memory_is_bounded_and_the_oldest_is_forgotten(process: Process) -> None:
    known = process.recorder.scrapers
    for number in range(3 * MOST_SCRAPERS):
        process.total(Scraper(name=str(number)))
    assert len(known._known) == MOST_SCRAPERS
    process.clock.advance(HORIZON + 1)
    process.total(Scraper(name="a"))
    assert len(known._known) == 1


def headers(**given: str) -> Callable[[str], str | None]:
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return named.get


def test_a_request_that_shows_its_timeout_is_a_scrapers() -> None:
    found = scraper_of(
        headers(user_agent=PROMETHEUS, x_prometheus_scrape_timeout_seconds="10"),
        "",
        ("10.0.0.1", 4711),
    )
    assert found == Scraper("", "10.0.0.1", 4711, PROMETHEUS, 10)


@pytest.mark.parametrize("timeout", ["", "soon", "-1", "nan", "inf", "0"])
def test_a_request_without_a_usable_timeout_is_a_persons(timeout: str) -> None:
    given = headers(user_agent="curl/8", x_prometheus_scrape_timeout_seconds=timeout)
    assert scraper_of(given, "", ("10.0.0.1", 4711)) is None


@pytest.mark.parametrize(
    ("connection", "keeps"), [({}, True), ({"connection": "Close"}, False)], ids=["kept", "closed"]
)
def test_a_scraper_that_asks_to_close_its_connection_does_not_keep_it(
    connection: dict[str, str], keeps: bool
) -> None:
    given = headers(x_prometheus_scrape_timeout_seconds="10", **connection)
    found = scraper_of(given, "", ("10.0.0.1", 4711), is_open=lambda: True)
    assert found is not None
    assert found.keeps is keeps


def test_a_scraper_without_a_timeout_may_give_itself_a_name() -> None:
    found = scraper_of(headers(user_agent="Telegraf"), "x=1&scraper=a%20b", None)
    assert found == Scraper("a b", agent="Telegraf")


def test_what_a_scraper_says_of_itself_is_cut() -> None:
    found = scraper_of(headers(user_agent="x" * 10_000), f"scraper={'y' * 10_000}", "/a/socket")
    assert found is not None
    assert len(found.agent) == len(found.name) == 200


def test_the_last_look_waits_until_every_scraper_has_everything() -> None:
    process = Process()
    process.recorder = Recorder()
    process.call()
    for name in "ab":
        assert process.total(Scraper(name)) == 0
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(process.recorder.last_look, 20)
        # Each sees the birth's value only now, and a has it before b.
        eventually(lambda: process.total(Scraper("a")) and not waiting.done())
        process.total(Scraper("b"))
        assert waiting.result(20)


def test_a_look_with_births_in_it_is_not_the_last(process: Process) -> None:
    scrapers = process.recorder.scrapers
    began = process.clock.now()
    complete = []
    for _ in range(3):
        process.clock.advance(15)
        process.total(Scraper("a"))
        complete.append(scrapers._all_have(began))
    assert complete == [False, True, True]


def test_the_last_look_does_not_wait_for_a_scraper_that_stopped_coming() -> None:
    process = Process()
    for _ in range(3):
        process.total(Scraper("a"))
        process.total(Scraper("gone"))
        process.clock.advance(15)
    for _ in range(3):
        process.clock.advance(15)
        process.total(Scraper("a"))
    scrapers = process.recorder.scrapers
    assert scrapers._all_have(process.clock.now() - 1)


def test_nobody_has_everything_where_nobody_came(process: Process) -> None:
    assert not process.recorder.last_look(0)
