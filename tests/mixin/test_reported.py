"""Whatever fails, in whatever rhythm: an alert fires, or it is said here why none does.

The exporter's own runner runs the checks, minute by minute; what it shows is what promtool gives to
the rules and alerts.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from store_exporter.contract import Check, Collector, Probe, Report, Run
from store_exporter.errors import StoreError
from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.families import HistogramValue
from store_exporter.metrics.recorder import Recorder
from store_exporter.mixin import alerts as every_alert
from store_exporter.mixin.model import Group, as_document
from store_exporter.mixin.rules import recording, slo
from store_exporter.net.plans import Plan
from store_exporter.probing.jobs import Job
from store_exporter.probing.runner import Runner
from store_exporter.stores.model import Schedule, Store
from tests.fakes.clock import Clock
from tests.mixin import promtool

MINUTES = 320
"""For which what fails seldom goes on."""
SOON = 100
"""Minutes within which what fails in at least one run of ten is reported."""
EVERY = (1, 2, 10, 50, 200)
"""Of how many runs one fails."""
CHECKS = ("liveness", "checkout", "storefront", "stock")
VITAL = {"liveness", "checkout"}
FAILING = [some for size in range(1, 5) for some in combinations(CHECKS, size)]
CASES = [*enumerate((failing, every) for failing in FAILING for every in EVERY)]
Case = tuple[int, tuple[tuple[str, ...], int]]
READ = (
    health.UP,
    health.HEALTH,
    health.PROBE_SUCCESS,
    health.PROBE_FAILURES,
    business.COLLECTOR_SUCCESS,
    business.COLLECTOR_FAILURES,
    business.COLLECTOR_INTERVAL,
    business.COLLECTOR_LAST_SUCCESS,
)
"""What the alerts below look at."""
LABELS = {metric.name: metric.labels for metric in READ}
SUBJECTS = ("outages", "among_many", "unstable", "stores", "health", "business", "objectives")
ABOUT = [group for group in every_alert.groups() if group.name.split(".")[2] in SUBJECTS]
"""The alerts about failing checks."""


def no_alert(failing: Sequence[str], every: int) -> str | None:
    """Why no alert fires; None where one must."""
    if VITAL.intersection(failing):
        return "1 % of the time is what the objective allows" if every > 100 else None
    if "storefront" in failing:
        return "not vital, and well for nine tenths of the time" if every >= 10 else None
    return "the figures are fresh: a collector may fail twice in a row" if every > 1 else None


def check(store: Store, name: str, every: int, clock: Clock) -> Check:
    """A check that fails once in so many minutes."""
    begun = clock.now()

    def plan(_: Any, __: Run) -> Plan[Report]:
        yield from ()
        minute = round((clock.now() - begun) / 60)
        if every and minute % every == every - 1:
            raise StoreError("server_error", f"{name} of {store.domain} fails")
        return Report((), (), "it works")

    return plan


def jobs(store: Store, failing: Sequence[str], every: int, clock: Clock) -> list[Job]:
    """The checks of a store, each once a minute."""
    found = []
    for name in CHECKS:
        plan = check(store, name, every if name in failing else 0, clock)
        if name == "stock":
            made: Any = Collector(name, plan, "", interval=60, timeout=10, requests=0)
        else:
            vital, alive = name in VITAL, name == "liveness"
            made = Probe(name, plan, "", 60, 10, critical=vital, liveness=alive, requests=0)
        found.append(Job(store, made, Schedule(60, 10, critical=name in VITAL)))
    return found


async def shown(cases: Sequence[Case], minutes: int) -> dict[str, str]:
    """What the exporter shows of a store for each case, minute by minute, as promtool has it."""
    clock, began = Clock(), Clock().now()
    recorder = Recorder(clock=clock.now, monotonic=clock.now)
    runner = Runner(recorder, None, now=clock.now, monotonic=clock.now)  # type: ignore[arg-type]
    every = []
    for number, (failing, rhythm) in cases:
        store = Store(f"o{number}", f"d{number}.example", "woocommerce", "https://d")
        every += jobs(store, failing, rhythm, clock)
        runner.expect(store, every[-len(CHECKS) :])
    samples: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for minute in range(minutes):
        for job in every:
            await runner.run(job)
        for family in recorder.families():
            if family.metric not in READ:
                continue
            for labels, value in family.series:
                assert not isinstance(value, HistogramValue)
                # promtool's clock begins at 0.
                moved = began if family.metric.unit == "s" and value > began - 1 else 0
                values = samples[family.metric.name, labels]
                values += ["_"] * (minute - len(values))
                values.append(f"{value - moved:g}")
        clock.advance(60)
    found = {}
    for (name, labels), values in samples.items():
        pairs = map('{}="{}"'.format, LABELS[name], labels)
        found[f"{name}{{{','.join(pairs)}}}"] = " ".join(values)
    return found


FREQUENT = [case for case in CASES if no_alert(*case[1]) is None and case[1][1] <= 10]
SELDOM = [case for case in CASES if case not in FREQUENT]


@pytest.mark.real
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("cases", "minutes"), [(FREQUENT, SOON), (SELDOM, MINUTES)], ids=["frequent", "seldom"]
)
async def test_every_failure_is_reported_or_it_is_known_why_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, cases: list[Case], minutes: int
) -> None:
    caplog.set_level(logging.CRITICAL)
    reported = [number for number, case in cases if no_alert(*case) is None]
    input_series = await shown(cases, minutes)
    test = {
        "interval": "1m",
        "input_series": [{"series": s, "values": values} for s, values in input_series.items()],
        "promql_expr_test": [
            {
                "eval_time": f"{minutes - 1}m",
                "expr": 'group by (org) (last_over_time(ALERTS{alertstate="firing", org!=""}[5h]))',
                "exp_samples": [{"labels": f'{{org="o{n}"}}', "value": 1} for n in reported],
            }
        ],
    }
    alerts = {"groups": [silent(group) for group in ABOUT]}
    every = as_document([recording.health_rules(), *slo.groups()])
    rules = {"recording.yml": promtool.needed(every, alerts), "alerts.yml": alerts}
    promtool.write_files(tmp_path, rules, {"evaluation_interval": "1m", "tests": [test]})
    promtool.run(tmp_path)


def silent(group: Group) -> dict[str, Any]:
    """The rules of a group without their words, which cost most of the time."""
    (document,) = as_document([group])["groups"]
    for rule in document["rules"]:
        del rule["annotations"]
    return dict(document)
