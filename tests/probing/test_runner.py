"""One run: what becomes of it, what is recorded, and what is kept."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from contextlib import suppress
from typing import Any

import pytest

from store_exporter.contract import Collector, Report, Run
from store_exporter.errors import ERROR_TYPES, ErrorName, Fault, StoreError
from store_exporter.metrics.catalogue import business, exporter, health
from store_exporter.metrics.catalogue.values import HealthState
from store_exporter.metrics.families import HistogramValue, Sample
from store_exporter.net.plans import Pause, Plan
from tests.probing.bench import LABELS, Bench, Jobs, failing, reporting


async def test_a_liveness_probe_that_succeeds_says_that_the_store_is_up(job: Jobs) -> None:
    bench = Bench()
    result = await bench.run(job(liveness=True, critical=True))
    assert result.ok
    assert result.summary == "it answered"
    assert (result.status, result.requests) == (200, 1)
    assert bench.value(health.UP) == 1
    assert bench.value(health.PROBE_SUCCESS, "liveness") == 1
    assert bench.value(health.PROBE_STATUS, "liveness") == 200
    assert bench.value(health.PROBE_LAST_SUCCESS, "liveness") == bench.clock.now()
    assert bench.value(health.API_REQUESTS, "liveness") == 1
    assert bench.value(health.API_BUDGET_LIMIT) == 100_000
    assert bench.value(health.API_BUDGET_REMAINING) == 9_999
    states = {state: bench.value(health.HEALTH, state) for state in HealthState}
    assert states == {"healthy": 1, "degraded": 0, "critical": 0}
    duration = bench.value(health.PROBE_DURATION, "liveness")
    assert isinstance(duration, HistogramValue)
    assert sum(duration.counts) == 1


async def test_a_probe_that_fails_is_data(job: Jobs) -> None:
    bench = Bench()
    error = StoreError("unauthorized", "the key is unknown", status=401)
    result = await bench.run(job(failing(error), liveness=True, critical=True))
    assert not result.ok
    assert (result.error_type, result.fault) == ("unauthorized", Fault.CONFIG)
    assert result.message == "the key is unknown"
    assert bench.value(health.UP) == 0
    assert bench.value(health.PROBE_SUCCESS, "liveness") == 0
    assert bench.value(health.PROBE_FAILURES, "liveness", "unauthorized", "config") == 1
    assert bench.value(health.PROBE_LAST_SUCCESS, "liveness") is None
    assert bench.value(health.HEALTH, "critical") == 1


async def test_a_probe_that_fails_says_since_when_until_it_succeeds(job: Jobs) -> None:
    bench = Bench()
    began = bench.clock.now()
    for _ in range(3):
        await bench.run(job(failing(StoreError("timeout", "no answer"))))
        assert bench.value(health.PROBE_FAILING_SINCE, "liveness") == began
        bench.clock.advance(60)
    await bench.run(job())
    assert bench.value(health.PROBE_FAILING_SINCE, "liveness") is None
    again = bench.clock.now()
    await bench.run(job(failing(StoreError("timeout", "no answer"))))
    assert bench.value(health.PROBE_FAILING_SINCE, "liveness") == again


async def test_a_probe_that_fails_says_why_in_one_series_for_as_long_as_it_fails_alike(
    job: Jobs,
) -> None:
    bench = Bench()

    def told(error_type: str, reason: str) -> object:
        return bench.value(health.PROBE_FAILURE, "liveness", error_type, reason)

    for attempt in ("first", "second"):
        await bench.run(job(failing(StoreError("server_error", f"no database, {attempt}"))))
        assert told("server_error", "no database, first") == 1
        assert told("server_error", "no database, second") is None
    await bench.run(job(failing(StoreError("timeout", "no answer"))))
    assert told("server_error", "no database, first") is None
    assert told("timeout", "no answer") == 1
    await bench.run(job())
    assert told("timeout", "no answer") is None


NOT_THE_STORES = {"local_failure", "pool_timeout", "rate_limited"}


@pytest.mark.parametrize("error_type", [name for name in ERROR_TYPES if name not in NOT_THE_STORES])
async def test_every_error_type_is_recorded_with_its_fault(
    error_type: ErrorName, job: Jobs
) -> None:
    bench = Bench()
    await bench.run(job(failing(StoreError(error_type, "so it is"))))
    # Nobody shops here, so that no answer is a customer's fault.
    shops = ERROR_TYPES[error_type].fault is Fault.CUSTOMER
    error_type = "invalid_response" if shops else error_type
    fault = str(ERROR_TYPES[error_type].fault)
    assert bench.value(health.PROBE_FAILURES, "liveness", error_type, fault) == 1


BUGS = (
    ZeroDivisionError("division by zero"),
    KeyError("items_count"),
    RecursionError(),
    ExceptionGroup("several", [ValueError("one"), TypeError("two")]),
)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: type(bug).__name__)
async def test_a_bug_of_a_probe_is_counted_as_one(bug: Exception, job: Jobs) -> None:
    bench = Bench()
    result = await bench.run(job(failing(bug)))
    assert (result.error_type, result.fault) == ("exception", Fault.APP)
    assert result.message.startswith(type(bug).__name__)
    assert bench.value(health.PROBE_FAILURES, "liveness", "exception", "app") == 1


PRIVATE = "/srv/store-exporter/secrets/acme"


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), PRIVATE),
        PermissionError(errno.EACCES, os.strerror(errno.EACCES), PRIVATE),
        ValueError(f"bad {PRIVATE}"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_an_org_reads_of_a_failure_names_no_file_of_this_machine(
    error: Exception, job: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    result = await Bench().runner.run_anyway(job(failing(error)))
    assert result.message.startswith(type(error).__name__)
    assert PRIVATE not in result.message
    assert PRIVATE in caplog.text


async def test_a_bug_is_logged_with_its_traceback_once_a_minute_and_without_secrets(
    job: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()
    broken = job(failing(RuntimeError("sent consumer_secret=cs_fedcba9876543210&x=1")))
    for _ in range(3):
        result = await bench.run(broken)
        bench.clock.advance(25)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    text = errors[0].getMessage()
    assert "Traceback" in text
    assert "RuntimeError" in text
    for told in (text, repr(result), caplog.text):
        assert "fedcba" not in told
    await bench.run(broken)
    assert sum(record.levelno == logging.ERROR for record in caplog.records) == 2


async def test_failures_are_logged_when_they_begin_and_when_they_end(
    job: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench()
    for error_type in ("timeout", "timeout", "connection"):
        await bench.run(job(failing(StoreError(error_type, "it is so"))))
    await bench.run(job())
    await bench.run(job())
    assert [record.getMessage() for record in caplog.records] == [
        "liveness of shop.example.com failed: timeout: it is so",
        "shop.example.com is degraded",
        "liveness of shop.example.com failed: connection: it is so",
        "liveness of shop.example.com succeeds again",
        "shop.example.com is healthy",
    ]
    assert [
        (record.__dict__["before"], record.__dict__["state"])
        for record in caplog.records
        if "before" in record.__dict__
    ] == [("unknown", "degraded"), ("degraded", "healthy")]


async def test_a_check_that_does_not_end_is_interrupted_at_its_deadline(job: Jobs) -> None:
    interrupted: list[bool] = []

    def hang(_: Any, __: Run) -> Plan[Report]:
        try:
            yield Pause(3600)
        finally:
            interrupted.append(True)
        return Report()

    result = await asyncio.wait_for(Bench().run(job(hang, timeout=0.01)), 60)
    assert (result.error_type, interrupted) == ("timeout", [True])
    assert "0.01 s" in result.message


async def test_a_cancelled_run_records_nothing(job: Jobs) -> None:
    bench = Bench()
    began = asyncio.Event()

    def stubborn(_: Any, __: Run) -> Plan[Report]:
        began.set()
        with suppress(GeneratorExit):
            yield Pause(3600)
        yield Pause(3600)
        return Report()

    task = asyncio.create_task(bench.runner.run(job(stubborn)))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.names() == set()
    assert not bench.runner.results.of("shop.example.com")


async def test_a_cancellation_that_nobody_ordered_is_a_bug_of_the_check(job: Jobs) -> None:
    def careless(_: Any, __: Run) -> Plan[Report]:
        raise asyncio.CancelledError

    result = await Bench().run(job(careless))
    assert (result.error_type, result.fault) == ("exception", Fault.APP)


async def test_figures_disappear_when_they_were_not_renewed_for_three_intervals(job: Jobs) -> None:
    bench = Bench()
    figure = reporting(Sample(business.CUSTOMERS, 12))
    customers = job(figure, kind=Collector, interval=100, timeout=10)
    bench.runner.expect(customers.store, [customers])
    await bench.run(customers)
    assert bench.value(business.CUSTOMERS) == 12
    bench.clock.advance(200)
    broken = failing(StoreError("timeout", "slow"))
    await bench.run(job(broken, kind=Collector, interval=100, timeout=10))
    assert bench.value(business.CUSTOMERS) == 12, "a failure does not take the last figure away"
    bench.clock.advance(111)
    assert bench.value(business.CUSTOMERS) is None
    assert bench.value(business.COLLECTOR_SUCCESS, "orders") == 0
    assert bench.value(business.COLLECTOR_INTERVAL, "orders") == 100
    since = bench.value(business.COLLECTOR_LAST_SUCCESS, "orders")
    assert since == bench.clock.now() - 311, "an alert on stale figures can still be computed"
    assert bench.value(business.COLLECTOR_FAILURES, "orders", "timeout", "store") == 1


async def test_a_collector_that_has_not_run_yet_is_known_until_it_is_dropped(job: Jobs) -> None:
    bench = Bench()
    orders = job(kind=Collector, interval=100)
    bench.runner.expect(orders.store, [job(), orders])
    assert bench.series(business.COLLECTOR_INTERVAL) == {(*LABELS, "orders"): 100}
    bench.runner.expect(orders.store, [job()])
    assert bench.series(business.COLLECTOR_INTERVAL) == {}


async def test_what_a_probe_said_disappears_as_well(job: Jobs) -> None:
    bench = Bench()
    await bench.run(job(liveness=True))
    bench.clock.advance(3 * 60 + 5)
    for metric in (health.UP, health.HEALTH, health.PROBE_SUCCESS, health.API_BUDGET_REMAINING):
        assert bench.series(metric) == {}
    assert bench.value(health.API_REQUESTS, "liveness") == 1, "a counter stays"


@pytest.mark.parametrize(
    "sample",
    [
        Sample(health.HEALTH, 1, {"wrong": "x"}),
        Sample(health.PROBE_DURATION, 1, {"probe": "x"}),
        Sample(exporter.BUILD_INFO, 1, {"version": "1", "python": "3"}),
        "not a sample",
    ],
)
async def test_figures_that_the_catalogue_does_not_know_are_a_bug_of_the_check(
    sample: Any, job: Jobs
) -> None:
    bench = Bench()
    result = await bench.run(job(reporting(sample), liveness=True))
    assert (result.ok, result.error_type) == (False, "exception")
    assert bench.value(health.UP) == 0


async def test_a_degraded_store_works_but_not_well(job: Jobs) -> None:
    bench = Bench()
    await bench.run(job(liveness=True, critical=True))
    slow = reporting(degraded=("The response took 4 s.",))
    await bench.run(job(slow, name="cart", critical=True))
    found = bench.runner.health("shop.example.com")
    assert found is not None
    assert found.state == HealthState.DEGRADED
    assert bench.value(health.UP) == 1


async def test_a_report_is_kept_short_and_free_of_secrets(job: Jobs) -> None:
    def chatty(_: Any, __: Run) -> Plan[Report]:
        yield from ()
        reasons = [f"ck_0123456789abcdef {'x' * 1000}"] * 50
        return Report((), reasons, "the key is\n ck_0123456789abcdef " + "y" * 1000)

    result = await Bench().run(job(chatty))
    assert "0123456789abcdef" not in repr(result)
    assert result.summary.startswith("the key is <masked> yyy")
    assert len(result.summary) < 320
    assert len(result.degraded) == 10


async def test_labels_in_a_stores_own_words_are_legible_and_free_of_secrets(job: Jobs) -> None:
    bench = Bench()
    key = "ck_" + 40 * "a"
    facts = {"version": f"\x1b[2J9.0\n\u202e{key}", "currency": 300 * "E"}
    names = health.INFO.labels[len(LABELS) :]
    labels = {name: facts.get(name, "") for name in names}
    await bench.run(job(reporting(Sample(health.INFO, 1, labels))))
    (series,) = bench.series(health.INFO)
    found = dict(zip(health.INFO.labels, series, strict=True))
    assert found["version"] == r"\u001b[2J9.0 \u202e<masked>"
    assert len(found["currency"]) == 101


async def test_options_have_their_defaults(job: Jobs) -> None:
    seen: dict[str, Any] = {}

    def look(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        seen.update(run.options)
        return Report()

    await Bench().run(job(look, options={"warn_days": 14, "slow": 3}, chosen={"slow": 5}))
    assert seen == {"warn_days": 14, "slow": 5}


async def test_a_single_run_shows_each_request_and_the_history_does_not_keep_them(
    job: Jobs,
) -> None:
    bench = Bench()
    result = await bench.runner.run_anyway(job())
    assert result.lines[0].startswith("GET /: HTTP 200")
    assert [kept.lines for kept in bench.runner.results.of("shop.example.com")] == [()]


async def test_a_single_run_is_not_held_back_but_says_when_the_budget_is_spent(job: Jobs) -> None:
    bench = Bench()
    poor = job(requests_per_hour=10)
    bench.runner.access(poor.store).budget.refused(300)
    assert (await bench.runner.run_anyway(poor)).ok
    assert (await bench.runner.run_anyway(poor)).error_type == "rate_limited"


async def test_strangers_cannot_use_up_what_is_set_aside_for_liveness(job: Jobs) -> None:
    bench = Bench()
    watched = job(requests_per_hour=600, liveness=True)
    for _ in range(700):
        result = await bench.runner.run_anyway(watched, reserve=False)
        if not result.ok:
            break
    assert result.error_type == "rate_limited"
    assert (await bench.run(watched)).ok
