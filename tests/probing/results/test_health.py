"""What is remembered of past runs, and what a store's health is made of."""

from __future__ import annotations

from typing import Any

import pytest

from store_exporter.contract import Collector, Probe, Report, Run
from store_exporter.errors import Fault
from store_exporter.net.plans import Plan
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.results.health import Health, HealthTracker, State
from store_exporter.probing.results.result import LastResults, Result
from store_exporter.stores.model import Schedule, Store


def result(domain: str = "a", name: str = "liveness", kind: str = "probe", **more: Any) -> Result:
    fields = {"time": 0.0, "ok": True, "duration": 0.1, **more}
    return Result(domain, kind, name, **fields)


def test_the_last_result_of_each_check_is_remembered() -> None:
    results = LastResults()
    for moment in range(5):
        results.add(result(time=moment))
    results.add(result(name="cart", time=9))
    assert {(r.name, r.time) for r in results.of("a")} == {("cart", 9), ("liveness", 4)}
    last = results.get(("a", "probe", "liveness"))
    assert last is not None
    assert last.time == 4
    assert results.get(("a", "probe", "dns")) is None


def test_what_is_forgotten_is_gone() -> None:
    results = LastResults()
    results.add(result())
    results.add(result(name="cart"))
    results.add(result(domain="b"))
    results.forget("b")
    results.forget("never known")
    for _ in range(2):
        results.forget_check(("a", "probe", "cart"))
    results.forget_check(("never known", "probe", "cart"))
    assert [r.name for r in results.of("a")] == ["liveness"]
    assert not results.of("b")


def nothing(_: Any, __: Run) -> Plan[Report]:
    yield from ()
    return Report()


STORE = Store("acme", "a", "woocommerce", "https://a")


def job(
    name: str, *, critical: bool = False, collector: bool = False, override: bool | None = None
) -> Job:
    check: Probe | Collector
    check = Probe(name, nothing, "", critical=critical, liveness=name == "liveness")
    if collector:
        check = Collector(name, nothing, "")
    return Job(STORE, check, Schedule(60, 10, critical=override))


def failed(name: str, message: str = "it fails") -> Result:
    return result(name=name, ok=False, error_type="timeout", fault=Fault.STORE, message=message)


def health_of(*runs: tuple[Job, Result]) -> Health | None:
    tracker = HealthTracker()
    tracker.expect([one for one, _ in runs])
    for one, found in runs:
        tracker.observe(one, found, now=0)
    return tracker.health(0)


LIVENESS, CART = job("liveness", critical=True), job("cart", critical=True)
DNS, ORDERS = job("dns"), job("orders", collector=True)
WELL = (LIVENESS, result())

TABLE: list[tuple[str, list[tuple[Job, Result]], State]] = [
    ("all well", [WELL, (CART, result(name="cart"))], State.HEALTHY),
    ("a critical probe fails", [WELL, (CART, failed("cart"))], State.CRITICAL),
    ("another probe fails", [WELL, (DNS, failed("dns"))], State.DEGRADED),
    ("both", [WELL, (DNS, failed("dns")), (CART, failed("cart"))], State.CRITICAL),
    ("a collector fails", [WELL, (ORDERS, failed("orders"))], State.HEALTHY),
    ("a probe has doubts", [WELL, (DNS, result(name="dns", degraded=("slow",)))], State.DEGRADED),
    (
        "a collector has doubts",
        [WELL, (ORDERS, result(name="orders", kind="collector", degraded=("stuck",)))],
        State.DEGRADED,
    ),
    ("it recovers", [WELL, (CART, failed("cart")), (CART, result(name="cart"))], State.HEALTHY),
    (
        "made critical by configuration",
        [WELL, (job("dns", override=True), failed("dns"))],
        State.CRITICAL,
    ),
    (
        "made less critical by configuration",
        [WELL, (job("cart", critical=True, override=False), failed("cart"))],
        State.DEGRADED,
    ),
]


@pytest.mark.parametrize(("name", "runs", "state"), TABLE, ids=[row[0] for row in TABLE])
def test_health_is_the_worst_that_is_known(
    name: str, runs: list[tuple[Job, Result]], state: State
) -> None:
    assert health_of(*runs) == Health(state)


def test_nothing_is_said_before_the_liveness_probe_has_run() -> None:
    tracker = HealthTracker()
    tracker.expect([LIVENESS, DNS])
    assert tracker.health(0) is None
    tracker.observe(DNS, result(name="dns"), now=0)
    assert tracker.health(0) is None
    tracker.observe(LIVENESS, failed("liveness"), now=0)
    assert tracker.health(0) == Health(State.CRITICAL)


def test_a_store_without_a_liveness_probe_has_a_health_too() -> None:
    assert health_of((DNS, result(name="dns"))) == Health(State.HEALTHY)


def test_a_finding_counts_for_as_long_as_its_figures_are_shown() -> None:
    tracker = HealthTracker()
    tracker.expect([LIVENESS, CART])
    tracker.observe(CART, failed("cart"), now=0)
    tracker.observe(*WELL, now=0)
    tracker.observe(*WELL, now=CART.ttl + 1)
    assert tracker.health(CART.ttl + 1) == Health(State.HEALTHY)
    assert tracker.health(2 * CART.ttl) == Health(State.HEALTHY)
    assert tracker.health(2 * CART.ttl + 2) is None, "nothing is known any more"


def test_what_no_longer_runs_says_nothing_about_the_store() -> None:
    tracker = HealthTracker()
    tracker.expect([LIVENESS, CART])
    tracker.observe(*WELL, now=0)
    tracker.observe(CART, failed("cart"), now=0)
    tracker.expect([LIVENESS])
    assert tracker.health(0) == Health(State.HEALTHY)


def test_a_store_runs_what_its_platform_offers_and_is_not_switched_off() -> None:
    one = Store(
        "acme",
        "a",
        "woocommerce",
        "https://a",
        probes={"dns": Schedule(1, 1, enabled=False), "cart": Schedule(7, 3)},
    )
    jobs = {found.name: found for found in jobs_of(one)}
    assert "dns" not in jobs
    assert jobs["cart"].schedule.interval == 7
    assert jobs["liveness"].liveness
    assert jobs["liveness"].ttl == 3 * 60 + 10
    assert jobs["orders"].kind == "collector"
