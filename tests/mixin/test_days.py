"""What was sold on a day is all that was paid, whatever Prometheus missed of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.mixin import dashboards
from tests.mixin import promtool
from tests.mixin.panels import fill
from tests.mixin.test_replicas import PAID, UP

pytestmark = pytest.mark.real

REVENUE = f'{PAID.replace("orders_paid", "revenue")}, currency="EUR", instance="a"}}'
CHOSEN = dict.fromkeys(("org", "domain", "platform"), ".+") | {"currency": "EUR"}
HOUR, DAY = 60, 24 * 60
"""Minutes, between which samples are."""
DOWN = 22 * HOUR, DAY + 3 * HOUR


def expression(title: str, query: int, **times: str) -> str:
    """What the page of shops asks for a panel."""
    (page,) = [page for page in dashboards.pages() if page.file == "shop"]
    (panel,) = [panel for panel in page.panels if panel.title == title]
    return fill(panel.queries[query].expression, {**CHOSEN, **times})


def test_what_was_sold_while_prometheus_was_down_at_midnight_is_of_the_day_after(
    tmp_path: Path,
) -> None:
    # Two orders an hour of 50 each, but none was seen between ten in the evening and three.
    first, next_ = DOWN
    missed = f"_x{next_ - first - 1}"

    def values(each: float, start: float = 0) -> str:
        step = each / 30
        later = start + step * next_
        return f"{start}+{step}x{first} {missed} {later}+{step}x{2 * DAY - next_}"

    # Of the samples promtool reads those up to the last time alone.
    since_midnight = {"__range": f"{24 * 3600}s", "__range_s": f"{24 * 3600}"}
    days = {
        "0s": ("Revenue by day ($currency)", 0, {}, 22 * 100),
        "1d": ("Revenue by day ($currency)", 0, {}, 26 * 100),
        "2d": ("Today", 1, since_midnight, 26 * 2),
    }
    test = {
        "interval": "1m",
        "input_series": [
            {"series": f'{UP}, instance="a"}}', "values": f"1x{first} {missed} 1x{DAY}"},
            {"series": REVENUE, "values": values(50)},
            {"series": f'{PAID}, instance="a"}}', "values": values(1)},
        ],
        "promql_expr_test": [
            {
                "expr": f"abs(({expression(title, query, **times)}) - {sold}) < bool {0.01 * sold}",
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for at, (title, query, times, sold) in days.items()
        ],
    }
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write(tmp_path, tests, ("health",), chosen=())
    promtool.run(tmp_path)


@pytest.mark.parametrize(
    ("read", "shown"),
    [
        ((3600, 1800, -60), {"shops read, of 3": 2}),
        ((3600, 1800, 60), {}),
        ((-3600, -60, -60), {"Not read since midnight": -1}),
    ],
)
def test_a_day_of_which_some_shops_were_read_says_of_how_many_it_is(
    read: tuple[int, ...], shown: dict[str, int], tmp_path: Path
) -> None:
    def of_shops(name: str, values: tuple[object, ...]) -> list[dict[str, str]]:
        shop = 'org="acme", platform="woocommerce", collector="orders"'
        return [
            {
                "series": f'{name}{{{shop}, domain="{number}.example"}}',
                "values": f"{value}x60",
            }
            for number, value in enumerate(values)
        ]

    since_midnight = {"__range": "3600s", "__range_s": "3600"}
    test = {
        "interval": "1m",
        "input_series": [
            *of_shops("store_collector_success", (1,) * len(read)),
            *of_shops("store_collector_last_success_timestamp_seconds", read),
        ],
        "promql_expr_test": [
            {
                "expr": expression("Today", 2, **since_midnight),
                "eval_time": "1h",
                "exp_samples": [
                    {"labels": f'{{currency="{words}"}}', "value": value}
                    for words, value in shown.items()
                ],
            }
        ],
    }
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write(tmp_path, tests, (), chosen=())
    promtool.run(tmp_path)
