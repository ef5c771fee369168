"""The list of recent calls: what it keeps, what it drops, and that it costs nobody anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from store_exporter.calls import book as book_module
from store_exporter.calls.book import CallBook
from store_exporter.calls.call import MAX_RAW, Call
from store_exporter.calls.store_calls import CallLimits
from store_exporter.errors import StoreError
from tests.fakes.clock import SettableClock

LABELS = ("acme", "shop.example", "woocommerce", "get_cart")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(1_000_000.0)


@pytest.fixture
def book(clock: SettableClock) -> CallBook:
    return CallBook(CallLimits(failures=3, slowest=2, age=100.0), clock=clock)


def failure(at: float, **changes: object) -> Call:
    call = Call(at, "acme", "shop.example", "woocommerce", "operation", "get_cart", 0.5, "timeout")
    return call._replace(**changes)  # type: ignore[arg-type]


def test_a_failure_has_what_its_exception_shows(book: CallBook, clock: SettableClock) -> None:
    book.failed(LABELS, 0.25, "server_error", StoreError("server_error", "boom", status=502), "ab")
    (call,) = book.read("acme")
    assert call == failure(
        clock.now, duration=0.25, error_type="server_error", message="boom", status=502,
        trace_id="ab",
    )  # fmt: skip
    assert call.document()["fault"] == "store"


def test_the_latest_are_kept_newest_first(book: CallBook, clock: SettableClock) -> None:
    for number in range(5):
        clock.now += 1
        book.failed(LABELS, 0.1, "timeout", ValueError(f"no {number}"), "")
    assert [call.message for call in book.read("acme")] == [
        f"ValueError: no {number}" for number in (4, 3, 2)
    ]


def test_a_list_that_was_filled_just_now_takes_nothing_more(
    book: CallBook, clock: SettableClock
) -> None:
    class CountedError(Exception):
        told = 0

        def __str__(self) -> str:
            CountedError.told += 1
            return "x"

    for _ in range(1000):
        book.failed(LABELS, 0.1, "timeout", CountedError(), "")
    assert CountedError.told == 3
    clock.now += 2
    book.failed(LABELS, 0.1, "timeout", CountedError(), "")
    assert book.read("acme")[0].time == clock.now


def test_refusals_and_probes_push_out_no_failure(book: CallBook, clock: SettableClock) -> None:
    book.add(failure(clock.now))
    for _ in range(9):
        book.add(failure(clock.now, error_type="out_of_stock"))
        book.add(failure(clock.now, kind="probe", operation="api"))
    kinds = [(call.kind, call.error_type) for call in book.read("acme")]
    assert sorted(kinds) == [
        *[("operation", "out_of_stock")] * 3,
        ("operation", "timeout"),
        *[("probe", "timeout")] * 3,
    ]


def test_the_slowest_are_kept_and_forgotten_with_age(book: CallBook, clock: SettableClock) -> None:
    assert book.threshold("acme", "shop.example") == -1
    for seconds in (0.1, 3.0, 0.2, 2.0, 0.3):
        book.slow(LABELS, seconds, "")
    assert [call.duration for call in book.slowest("acme")] == [3.0, 2.0]
    assert book.threshold("acme", "shop.example") == 2.0
    clock.now += 101
    assert book.slowest("acme") == []
    assert book.threshold("acme", "shop.example") == -1
    assert book.slow(LABELS, 0.1, "") == -1
    assert [call.duration for call in book.slowest("acme")] == [0.1]


def test_an_org_reads_its_own_calls_only(book: CallBook, clock: SettableClock) -> None:
    book.add(failure(clock.now, org="zen"))
    assert book.read("acme") == []
    assert book.read("acme", "shop.example") == []
    assert len(book.read("zen", "shop.example")) == 1


def test_past_the_limit_of_stores_the_org_with_most_loses_some(
    book: CallBook, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_module, "MAX_STORES", 20)
    book.add(failure(clock.now, org="zen"))
    for number in range(500):
        book.add(failure(clock.now, domain=f"s{number}.example"))
    assert len(book.read("zen")) == 1
    assert 10 <= len({call.domain for call in book.read("acme")}) <= 20
    assert book.knows("acme", "s499.example")


def test_an_org_that_reports_ever_more_stores_uses_no_more_memory_and_none_of_others(
    book: CallBook, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_module, "MAX_BYTES", 1_000_000)
    book.add(failure(clock.now, org="zen", message="of zen"))
    for number in range(2000):
        wide = "\U0001f600" * MAX_RAW
        book.add(failure(clock.now, domain=f"s{number}.example", message=wide))
        book.add(failure(clock.now, domain=f"s{number}.example", error_type=None))
    assert [call.message for call in book.read("zen")] == ["of zen"]
    stores = {call.domain for call in book.read("acme")}
    assert 100 <= len(stores) <= 250  # each takes 4 kilobytes for its message, and two calls
    assert "s1999.example" in stores
    for number in range(2000):
        book.forget("acme", f"s{number}.example")
    for number in range(100):
        book.add(failure(clock.now, org="new", domain=f"s{number}.example", message="x" * 1000))
    assert len(book.read("new")) == 100


def test_other_limits_keep_what_fits(book: CallBook, clock: SettableClock) -> None:
    for number in range(3):
        book.add(failure(clock.now + number))
        book.slow(LABELS, number, "")
    book.limit(CallLimits(failures=1, slowest=0, age=100.0))
    assert [call.time for call in book.read("acme")] == [clock.now + 2]
    assert book.slowest("acme") == []
    assert book.slow(LABELS, 9.0, "") == book.threshold("acme", "shop.example") == float("inf")


def test_a_message_is_masked_on_one_line_and_cut(clock: SettableClock) -> None:
    book = CallBook(redact=lambda text: text.replace("s3cret", "<masked>"), clock=clock)
    shown = book.shown(failure(0, message="s3cret of\n jane@example.com\t" + "long " * 90)).message
    assert shown.startswith("<masked> of <hidden> long long")
    assert len(shown) == 301


def test_what_was_cut_before_it_was_masked_is_not_shown_at_its_end(book: CallBook) -> None:
    cut = ("jane@example.com " * 90)[: MAX_RAW - 8] + " jane@ex"
    shown = book.shown(failure(0, message=cut)).message
    assert "jane" not in shown
    assert "<hidden>" in shown


def test_many_threads_write_while_others_read(book: CallBook, clock: SettableClock) -> None:
    numbers: Iterator[int] = count()
    ended = threading.Event()
    raised: list[BaseException] = []

    def write() -> None:
        try:
            while not ended.is_set():
                number = next(numbers)
                clock.now += 2
                book.failed((*LABELS[:1], f"s{number % 5}", *LABELS[2:]), 0.1, "timeout", None, "")
                book.slow(LABELS, number % 7, "")
        except BaseException as error:  # noqa: BLE001 - the test tells of whatever it was
            raised.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        assert len(book.read("acme")) <= 15
        assert len(book.slowest("acme")) <= 2
        book.limit(CallLimits(3, 2, 100.0 + next(numbers) % 2))
    ended.set()
    for thread in threads:
        thread.join()
    assert raised == []
