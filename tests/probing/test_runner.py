"""One run: what it may do, what becomes of it, and what is recorded."""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Response, Run
from store_exporter.errors import ERROR_TYPES, Fault, StoreError
from store_exporter.metrics.catalogue import Metric, business, exporter, health
from store_exporter.metrics.families import HistogramValue, Sample
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.plans import Pause, Plan, Request, once
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.results.health import State
from store_exporter.probing.results.history import Result
from store_exporter.probing.results.outcomes import Skipped
from store_exporter.probing.runner import Runner
from store_exporter.probing.state.documents import MemoryDocuments
from store_exporter.probing.state.storage import Key
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Schedule, Secret, Unreadable
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, serving
from tests.fakes.clock import Clock
from tests.probing.conftest import StoreFactory
from tests.probing.test_http import Scripted, always

URL = "https://shop.example.com"
LABELS = ("acme", "shop.example.com", "woocommerce")

Jobs = Callable[..., Job]


class Bench:
    """A runner over a sender without a network, with a clock that stands still."""

    def __init__(self, sender: Any = None, **options: Any) -> None:
        self.clock = Clock()
        self.recorder = Recorder(clock=self.clock.now, monotonic=self.clock.now)
        self.runner = Runner(
            self.recorder,
            sender or always(),
            now=self.clock.now,
            monotonic=self.clock.now,
            **options,
        )

    def series(self, metric: Metric) -> dict[tuple[str, ...], float | HistogramValue]:
        for family in self.recorder.families():
            if family.metric == metric:
                return dict(family.series)
        return {}

    def value(self, metric: Metric, *further: str) -> float | HistogramValue | None:
        return self.series(metric).get((*LABELS, *further))

    def names(self) -> set[str]:
        return {
            family.metric.name
            for family in self.recorder.families()
            if any(LABELS[1] in labels for labels, _ in family.series)
        }

    async def run(self, job: Job) -> Result:
        result = await self.runner.run(job)
        assert isinstance(result, Result)
        return result


def ask(_: Any, __: Run) -> Plan[Report]:
    yield from once(Request("GET", "/"))
    return Report(summary="it answered")


@pytest.fixture
def job(store: StoreFactory) -> Jobs:
    def make(
        check: Check = ask, *, kind: type[Probe | Collector] = Probe, url: str = URL, **fields: Any
    ) -> Job:
        names = ("critical", "liveness", "requests", "options", "name")
        own = {name: fields.pop(name) for name in names if name in fields}
        own.setdefault("name", "liveness" if kind is Probe else "orders")
        schedule = Schedule(
            fields.pop("interval", 60.0),
            fields.pop("timeout", 5.0),
            options=fields.pop("chosen", {}),
        )
        return Job(store(url, **fields), kind(check=check, description="", **own), schedule)

    return make


def failing(error: BaseException) -> Check:
    def check(_: Any, __: Run) -> Plan[Report]:
        raise error

    return check


def reporting(*samples: Sample, degraded: tuple[str, ...] = ()) -> Check:
    def check(_: Any, __: Run) -> Plan[Report]:
        yield from ()
        return Report(samples, degraded, "done")

    return check


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
    states = {state: bench.value(health.HEALTH, state) for state in State}
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
async def test_every_error_type_is_recorded_with_its_fault(error_type: str, job: Jobs) -> None:
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

    result = await asyncio.wait_for(Bench().run(job(hang, timeout=0.01)), 10)
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
    assert bench.runner.history.latest("shop.example.com") == []


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
    slow = reporting(degraded=("The answer took 4 s.",))
    await bench.run(job(slow, name="cart", critical=True))
    found = bench.runner.health("shop.example.com")
    assert found is not None
    assert found.state is State.DEGRADED
    assert found.reasons == ("cart: The answer took 4 s.",)
    assert bench.value(health.UP) == 1


async def test_the_store_is_not_to_blame_for_our_own_spent_budget(job: Jobs) -> None:
    bench = Bench()
    poor = job(liveness=True, requests_per_hour=10)
    assert isinstance(await bench.runner.run(poor), Result)
    skipped = await bench.runner.run(poor)
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, skipped.wait) == ("budget", pytest.approx(400))
    assert bench.value(health.UP) == 1
    assert bench.series(exporter.RUNS_SKIPPED) == {("budget",): 1}


async def test_a_probe_that_spends_the_budget_half_way_is_skipped_too(job: Jobs) -> None:
    bench = Bench()

    def greedy(_: Any, __: Run) -> Plan[Report]:
        for _ in range(5):
            yield from once(Request("GET", "/"))
        return Report()

    outcome = await bench.runner.run(job(greedy, requests_per_hour=20))
    assert isinstance(outcome, Skipped)
    assert bench.value(health.PROBE_SUCCESS, "liveness") is None


async def test_a_collector_that_spends_the_budget_half_way_is_left_out(job: Jobs) -> None:
    bench = Bench()

    def greedy(_: Any, __: Run) -> Plan[Report]:
        for _ in range(5):
            yield from once(Request("GET", "/"))
        return Report()

    outcome = await bench.runner.run(job(greedy, kind=Collector, requests_per_hour=20))
    assert isinstance(outcome, Skipped)
    assert (outcome.reason, outcome.wait) == ("budget", 60.0)
    assert "own budget" in outcome.message
    assert bench.series(business.COLLECTOR_FAILURES) == {}


@pytest.mark.parametrize("error_type", ["local_failure", "pool_timeout"])
@pytest.mark.parametrize("kind", [Probe, Collector])
async def test_what_fails_by_us_says_nothing_about_the_store(
    error_type: str, kind: type[Probe | Collector], job: Jobs
) -> None:
    bench = Bench()
    own = {"liveness": True} if kind is Probe else {}
    outcome = await bench.runner.run(
        job(failing(StoreError(error_type, "no descriptor")), kind=kind, **own)
    )
    assert isinstance(outcome, Skipped)
    assert outcome.reason == "local"
    assert bench.names() == set()
    assert bench.series(exporter.RUNS_SKIPPED) == {("local",): 1}


async def test_a_single_run_that_fails_by_us_is_told_but_not_recorded(job: Jobs) -> None:
    bench = Bench()
    error = StoreError("local_failure", "no descriptor")
    result = await bench.runner.run_anyway(job(failing(error), liveness=True))
    assert (result.ok, result.error_type, result.skipped) == (False, "local_failure", "local")
    assert bench.names() == set()


async def test_a_store_that_is_throttled_is_not_down(job: Jobs) -> None:
    bench = Bench()
    await bench.run(job(failing(StoreError("rate_limited", "HTTP 429")), liveness=True))
    assert bench.value(health.UP) == 1
    assert bench.value(health.HEALTH, "degraded") == 1


def _stand_still(seconds: float) -> Check:
    """Return a check that stops the event loop in the midst of its request."""

    def check(_: Any, __: Run) -> Plan[Report]:
        asyncio.get_running_loop().call_later(0.05, time.sleep, seconds)
        yield from once(Request("GET", "/"))
        return Report()

    return check


@pytest.mark.parametrize(("still", "limit"), [(0.8, 0.5), (0.3, 0.25)])
async def test_a_deadline_that_passes_while_we_stand_still_is_ours(
    job: Jobs, transport: Transport, still: float, limit: float
) -> None:
    async def slowly(connection: bad_server.Connection) -> None:
        await asyncio.sleep(0.2)
        await bad_server.answer()(connection)

    async with serving(slowly) as server:
        bench = Bench(transport)
        stalled = job(_stand_still(still), url=server.url, liveness=True, timeout=limit)
        outcome = await bench.runner.run(stalled)
        assert isinstance(outcome, Skipped), outcome
        assert outcome.reason == "local"
        assert bench.value(health.UP) is None


async def test_a_store_that_hangs_is_down_although_nothing_of_ours_is_slow(
    job: Jobs, transport: Transport
) -> None:
    async with serving(bad_server.hang) as server:
        bench = Bench(transport)
        waiting = job(url=server.url, liveness=True, timeout=0.5)
        # On a busy machine something of ours may be slow, which is told as such.
        while isinstance(result := await bench.runner.run(waiting), Skipped):
            assert result.reason == "local"
    assert result.error_type == "timeout"
    assert bench.value(health.UP) == 0


async def test_liveness_does_not_wait_behind_a_collector(job: Jobs, transport: Transport) -> None:
    asked, release = asyncio.Event(), asyncio.Event()

    async def behave(connection: bad_server.Connection) -> None:
        if "/orders" in connection.head:
            asked.set()
            await release.wait()
        await bad_server.answer()(connection)

    def orders(_: Any, __: Run) -> Plan[Report]:
        yield from once(Request("GET", "/orders"))
        return Report()

    async with serving(behave) as server:
        bench = Bench(transport)
        slow = job(orders, kind=Collector, url=server.url, concurrency=1, timeout=30)
        store = slow.store
        collector = asyncio.create_task(bench.run(slow))
        await asked.wait()
        alive = replace(job(liveness=True, url=server.url), store=store)
        assert (await bench.run(alive)).ok
        # Another probe waits, however long that takes, and is not timed out by it.
        patient = replace(job(name="tls", url=server.url, timeout=3), store=store)
        waiting = asyncio.create_task(bench.run(patient))
        began = time.monotonic()
        await asyncio.sleep(3.2)
        release.set()
        result = await waiting
        assert result.ok, result.message
        assert result.duration < time.monotonic() - began - 3
        assert (await collector).ok


async def test_a_disk_that_is_slow_amid_a_run_is_not_held_against_the_store(job: Jobs) -> None:
    class SlowDisk(MemoryDocuments):
        async def write(self, key: Key, document: str, revision: int | None = None) -> int:
            await asyncio.sleep(0.8)
            return await super().write(key, document, revision)

    def orders(_: Any, run: Run) -> Plan[Report]:
        run.cursor.save({"page": 1})
        bench.clock.advance(10)
        yield from once(Request("GET", "/"))
        return Report()

    bench = Bench(documents=SlowDisk())
    result = await bench.run(job(orders, kind=Collector, timeout=0.3))
    assert result.ok, result.message


async def test_a_descriptor_that_we_lack_is_not_the_stores_fault(
    job: Jobs, transport: Transport
) -> None:
    async with serving(bad_server.answer()) as server:
        bench = Bench(transport)
        alive = job(liveness=True, url=server.url)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        await asyncio.sleep(0)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            outcome = await bench.runner.run(alive)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert isinstance(outcome, Skipped), outcome
        assert outcome.reason == "local"
        assert (await bench.run(alive)).ok


async def test_a_back_off_holds_back_everything_but_liveness(job: Jobs) -> None:
    sender = Scripted(lambda sent: Response(429, {"retry-after": "300"}, b"", sent.url))
    bench = Bench(sender)
    await bench.run(job(liveness=True))
    assert bench.value(health.API_THROTTLED) == 1
    for other in (job(name="cart"), job(kind=Collector)):
        outcome = await bench.runner.run(other)
        assert outcome == Skipped("backoff", 300)
    assert isinstance(await bench.runner.run(job(liveness=True)), Result)
    bench.clock.advance(301)
    assert isinstance(await bench.runner.run(job(kind=Collector)), Result)


async def test_what_asks_the_store_nothing_runs_whatever_the_budget(job: Jobs) -> None:
    bench = Bench()
    free = job(reporting(), name="dns", requests=0, requests_per_hour=10)
    bench.runner.access(free.store).budget.refused(300)
    for _ in range(5):
        assert isinstance(await bench.runner.run(free), Result)


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


async def test_options_have_their_defaults(job: Jobs) -> None:
    seen: dict[str, Any] = {}

    def look(_: Any, run: Run) -> Plan[Report]:
        yield from ()
        seen.update(run.options)
        return Report()

    await Bench().run(job(look, options={"warn_days": 14, "slow": 3}, chosen={"slow": 5}))
    assert seen == {"warn_days": 14, "slow": 5}


async def test_a_single_run_tells_each_request_and_the_history_does_not_keep_them(
    job: Jobs,
) -> None:
    bench = Bench()
    result = await bench.runner.run_anyway(job())
    assert result.lines[0].startswith("GET /: HTTP 200")
    assert [kept.lines for kept in bench.runner.history.latest("shop.example.com")] == [()]


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


@pytest.fixture
def real(transport: Transport) -> Bench:
    return Bench(transport)


async def test_a_real_run_records_phases_and_expiry(
    real: Bench, job: Jobs, authority: Authority
) -> None:
    async with serving(bad_server.answer(), tls=authority.context()) as server:
        await real.run(job(url=server.url))
    phases = {labels[-1] for labels in real.series(health.PROBE_PHASE)}
    assert phases == {"connect", "tls", "processing", "transfer"}
    assert isinstance(real.value(health.TLS_EXPIRY), float)


BAD: dict[str, tuple[Any, str]] = {
    "hangs": (bad_server.hang, "timeout"),
    "hangs half-way": (bad_server.hang_in_body, "timeout"),
    "drips": (bad_server.drip, "timeout"),
    "sends 100 MB": (bad_server.endless(declared=100 * 2**20), "response_too_large"),
    "redirects for ever": (bad_server.redirecting(lambda path: path), "redirect"),
    "sends HTML": (bad_server.page("<html><title>Hello</title>"), "invalid_response"),
    "sends garbage": (bad_server.raw(b"what?\r\n\r\n"), "invalid_response"),
    "breaks off": (bad_server.reset, "connection"),
    "refuses the key": (
        bad_server.document(
            {"code": "woocommerce_rest_cannot_view", "message": "No.", "data": {"status": 401}}, 401
        ),
        "unauthorized",
    ),
    "is closed": (
        bad_server.page("Briefly unavailable for scheduled maintenance.", 503),
        "maintenance",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_store_is_a_failed_liveness_probe_with_the_right_error(
    name: str, real: Bench, store: StoreFactory
) -> None:
    behaviour, error_type = BAD[name]
    fault = ERROR_TYPES[error_type].fault
    async with serving(behaviour) as server:
        (liveness,) = (
            Job(one.store, one.check, Schedule(60, 0.4))
            for one in jobs_of(store(server.url))
            if one.liveness
        )
        result = await asyncio.wait_for(real.run(liveness), 5)
    assert (result.error_type, result.fault) == (error_type, fault)
    assert real.value(health.UP) == 0
    assert real.value(health.PROBE_FAILURES, "liveness", error_type, str(fault)) == 1
    told = repr(result) + result.message
    assert "0123456789abcdef" not in told


async def test_a_store_that_has_moved_to_https_says_which_url_to_set(
    store: StoreFactory, authority: Authority, transport: Transport
) -> None:
    refused = {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature"}
    async with serving(bad_server.document(refused, 401), tls=authority.context()) as secure:
        address = secure.url
        target = bad_server.redirecting(lambda path: f"{address}{path}", 301)
        async with serving(target) as plain:
            bench = Bench(transport)
            (liveness,) = (one for one in jobs_of(store(plain.url)) if one.liveness)
            result = await bench.run(liveness)
    assert result.error_type == "redirect"
    assert f"set url to {address}" in result.message


async def test_a_store_without_its_secret_is_critical_and_still_looked_at(
    store: StoreFactory, transport: Transport
) -> None:
    secrets = {"consumer_key": Unreadable("KEY is not set"), "consumer_secret": Secret("cs_1")}
    async with serving(bad_server.page("<html>a shop</html>")) as server:
        bench = Bench(transport)
        sick = store(server.url, credentials=secrets)
        results = {
            job.name: await bench.run(job)
            for job in jobs_of(sick)
            if job.name in ("liveness", "storefront")
        }
        assert not any("wc/v3" in head for head in server.heads)
    assert results["storefront"].ok
    assert results["liveness"].message == "the store's secret is unusable: KEY is not set"
    assert bench.value(health.UP) == 0
    assert bench.value(health.HEALTH, "critical") == 1
    assert bench.value(health.PROBE_FAILURES, "liveness", "unauthorized", "config") == 1
