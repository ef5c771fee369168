"""Nothing fires about a store that is well, whatever happened to Prometheus some hours ago."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import CATALOGUE, Kind, Metric, health
from store_exporter.mixin import alerts
from store_exporter.mixin.model import as_document
from store_exporter.mixin.rules import recording, slo
from tests.benchmarks import past
from tests.mixin import promtool, synthetic

BEFORE, DOWN, AFTER = 90, 25, 400
"""Minutes with samples, of Prometheus' outage, and of samples after it."""
ABSENT = past.FAILING | {health.EVENT}
FAILED = {"failed", "cancelled"}
CALLS = ("store_operations_total", "store_orders_", "store_revenue_", "store_api_cost")


def steady(metric: Metric, labels: dict[str, str]) -> float | None:
    """What a gauge shows; None for the time of something that was a minute ago."""
    if "state" in labels and metric is not health.HEALTH:
        return 0
    return past.QUIET.get(metric, synthetic.gauge(metric, labels, 10**9))


def shown() -> Iterator[tuple[str, str]]:
    """All that is scraped of a store, with an outage; failures were counted long ago."""
    for family in past.scraped(past.Watched(1), native=False):
        named = family.name
        while named not in CATALOGUE:
            named = named.rpartition("_")[0]
        metric = CATALOGUE[named]
        for labels in family.labels if metric not in ABSENT else ():
            if metric.kind is Kind.GAUGE:
                value = steady(metric, labels)
                first, slope = (0, 60) if value is None else (value, 0)
            else:
                grows = metric.kind is Kind.HISTOGRAM or family.name.startswith(CALLS)
                grows = grows and not FAILED & {*labels.values()}
                first, slope = 3, 2 * grows
            again = first + slope * (BEFORE + DOWN)
            text = ", ".join(f'{key}="{value}"' for key, value in labels.items())
            yield (
                f"{family.name}{{{text}}}",
                f"{first:.0f}+{slope}x{BEFORE - 1} _x{DOWN} {again:.0f}+{slope}x{AFTER}",
            )


@pytest.mark.real
@pytest.mark.timeout(300)
def test_a_store_that_is_well_has_no_alert_after_prometheus_was_down(tmp_path: Path) -> None:
    groups = [*recording.groups(), *slo.groups(), *alerts.groups()]
    firing = 'count by (alertname) (ALERTS{alertstate="firing", alertname!="Watchdog"})'
    times = [*range(60, BEFORE, 10), *range(BEFORE + DOWN + 5, BEFORE + DOWN + AFTER, 10)]
    test = {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in shown()],
        "promql_expr_test": [
            {"expr": firing, "eval_time": f"{time}m", "exp_samples": []} for time in times
        ],
    }
    tests = {"evaluation_interval": "2m", "tests": [test]}
    rules = {"rules.yml": as_document(groups)}
    promtool.write_files(tmp_path, rules, tests)
    promtool.run(tmp_path)
