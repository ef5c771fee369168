"""What is remembered of past runs, and what a store's health is made of."""

from __future__ import annotations

from typing import Any

import pytest

from store_exporter.contract import Collector, Probe, Report, Run
from store_exporter.errors import Fault
from store_exporter.metrics.catalogue.values import HealthState
from store_exporter.net.plans import Plan
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.results.health import LastResults, Standing
from store_exporter.probing.results.result import Result
from store_exporter.stores.model import Schedule, Store


def result(domain: str = "a", name: str = "liveness", kind: str = "probe", **more: Any) -> Result:
    fields = {"time": 0.0, "ok": True, "duration": 0.1, **more}
    return Result(domain, kind, name, **fields)


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


def failed(name: str, message: str = "it fails", time: float = 0.0) -> Result:
    more = {"error_type": "timeout", "fault": Fault.STORE, "message": message}
    return result(name=name, ok=False, time=time, **more)


class Stores(LastResults):
    def observe(self, job: Job, result: Result, now: float) -> Standing:
        standing = self.after(job, result, now)
        self.keep(standing)
        return standing


def health_of(*runs: tuple[Job, Result]) -> HealthState | None:
    stores = Stores()
    stores.expect("a", [one for one, _ in runs])
    for one, found in runs:
        stores.observe(one, found, now=0)
    return stores.health("a", 0)


LIVENESS, CART = job("liveness", critical=True), job("cart", critical=True)
DNS, ORDERS = job("dns"), job("orders", collector=True)
WELL = (LIVENESS, result())

TABLE: list[tuple[str, list[tuple[Job, Result]], HealthState]] = [
    ("all well", [WELL, (CART, result(name="cart"))], HealthState.HEALTHY),
    ("a critical probe fails", [WELL, (CART, failed("cart"))], HealthState.CRITICAL),
    ("another probe fails", [WELL, (DNS, failed("dns"))], HealthState.DEGRADED),
    ("both", [WELL, (DNS, failed("dns")), (CART, failed("cart"))], HealthState.CRITICAL),
    ("a collector fails", [WELL, (ORDERS, failed("orders"))], HealthState.HEALTHY),
    (
        "a probe has doubts",
        [WELL, (DNS, result(name="dns", degraded=("slow",)))],
        HealthState.DEGRADED,
    ),
    (
        "a collector has doubts",
        [WELL, (ORDERS, result(name="orders", kind="collector", degraded=("stuck",)))],
        HealthState.DEGRADED,
    ),
    (
        "it recovers",
        [WELL, (CART, failed("cart")), (CART, result(name="cart"))],
        HealthState.HEALTHY,
    ),
    (
        "made critical by configuration",
        [WELL, (job("dns", override=True), failed("dns"))],
        HealthState.CRITICAL,
    ),
    (
        "made less critical by configuration",
        [WELL, (job("cart", critical=True, override=False), failed("cart"))],
        HealthState.DEGRADED,
    ),
]


@pytest.mark.parametrize(("name", "runs", "state"), TABLE, ids=[row[0] for row in TABLE])
def test_health_is_the_worst_that_is_known(
    name: str, runs: list[tuple[Job, Result]], state: HealthState
) -> None:
    assert health_of(*runs) == state


def test_nothing_is_said_before_the_liveness_probe_has_run() -> None:
    stores = Stores()
    stores.expect("a", [LIVENESS, DNS])
    assert stores.health("a", 0) is None
    stores.observe(DNS, result(name="dns"), now=0)
    assert stores.health("a", 0) is None
    stores.observe(LIVENESS, failed("liveness"), now=0)
    assert stores.health("a", 0) == HealthState.CRITICAL


def test_a_store_without_a_liveness_probe_has_a_health_too() -> None:
    assert health_of((DNS, result(name="dns"))) == HealthState.HEALTHY


def test_a_finding_counts_for_as_long_as_its_figures_are_shown() -> None:
    stores = Stores()
    stores.expect("a", [LIVENESS, CART])
    stores.observe(CART, failed("cart"), now=0)
    stores.observe(*WELL, now=0)
    stores.observe(*WELL, now=CART.ttl + 1)
    assert stores.health("a", CART.ttl + 1) == HealthState.HEALTHY
    assert stores.health("a", 2 * CART.ttl) == HealthState.HEALTHY
    assert stores.health("a", 2 * CART.ttl + 2) is None, "nothing is known any more"


def test_what_no_longer_runs_says_nothing_about_the_store() -> None:
    stores = Stores()
    stores.expect("a", [LIVENESS, CART])
    stores.observe(*WELL, now=0)
    stores.observe(CART, failed("cart"), now=0)
    stores.expect("a", [LIVENESS])
    for _ in range(2):
        stores.forget_check(CART.key)
    assert stores.health("a", 0) == HealthState.HEALTHY
    assert [one.name for one in stores.of("a")] == ["liveness"]
    stores.forget("a")
    stores.forget("never known")
    assert not stores.of("a")
    assert stores.health("a", 0) is None


def test_the_last_result_is_remembered_with_the_last_success_and_the_first_failure() -> None:
    stores = Stores()
    for moment in range(3):
        stores.observe(DNS, result(name="dns", time=moment), now=moment)
    for moment in range(3, 6):
        stores.observe(DNS, failed("dns", time=moment), now=moment)
    stores.observe(ORDERS, failed("orders"), now=0)
    known = stores.get(DNS.key)
    assert known is not None
    assert known.failing is not None
    assert (known.result.time, known.last_success, known.failing.since) == (5, 2, 3)
    known = stores.observe(DNS, result(name="dns", time=6), now=6)
    assert (known.last_success, known.failing) == (6, None)
    collected = stores.get(ORDERS.key)
    assert collected is not None
    assert (collected.last_success, collected.failing) == (None, None)
    assert stores.get(CART.key) is None


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
