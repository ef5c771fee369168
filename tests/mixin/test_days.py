"""What was sold on a day is all that was paid, whatever Prometheus missed of it."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

from store_exporter.mixin import dashboards
from store_exporter.mixin.rules import longterm
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
    """What a page asks for a panel."""
    pages = [page for page in dashboards.pages() if page.file in ("shop", "trends")]
    (panel,) = [panel for page in pages for panel in page.panels if panel.title == title]
    return fill(panel.queries[query].expression, {**CHOSEN, **times})


BY_DAY = "Revenue by day ($currency)", 0
RULES = ("health", "health.minute", "business", "surges")


def check(
    folder: Path,
    shown: dict[str, str],
    sold: dict[str, dict[str, float]],
    *,
    interval: str = "1m",
) -> None:
    """Assert what expressions find, exactly.

    Args:
        folder: takes the files.
        shown: the values of each series.
        sold: what is to be found at some times, by expression.
        interval: between the values.
    """
    checks = [
        {
            "expr": f"round({expression}, 0.001)",
            "eval_time": at,
            "exp_samples": [{"labels": "{}", "value": value}],
        }
        for expression, found in sold.items()
        for at, value in found.items()
    ]
    series = [{"series": name, "values": values} for name, values in shown.items()]
    test = {"interval": interval, "input_series": series, "promql_expr_test": checks}
    promtool.write(folder, {"evaluation_interval": "4m", "tests": [test]}, RULES, chosen=())
    promtool.run(folder)


def since_midnight(seconds: int, query: int = 0) -> str:
    return expression("Today", query, __range=f"{seconds}s", __range_s=f"{seconds}")


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
    shown = {
        f'{UP}, instance="a"}}': f"1x{first} {missed} 1x{DAY}",
        REVENUE: values(50),
        f'{PAID}, instance="a"}}': values(1),
    }
    day = 24 * 3600
    check(
        tmp_path,
        shown,
        {
            expression(*BY_DAY): {"0s": 2200, "1d": 2600},
            f"sum({since_midnight(day)})": {"2d": 2600},
            since_midnight(day, 1): {"2d": 52},
        },
    )


def test_what_was_sold_in_the_evening_is_not_of_the_new_day(tmp_path: Path) -> None:
    # 100 a minute from six to two minutes before midnight, and nothing after.
    evening, end = 18 * HOUR, DAY - 2
    revenue = f"0x{evening} 100+100x{end - evening - 1} {100 * (end - evening)}x{3 * HOUR}"
    shown = {f'{UP}, instance="a"}}': f"1x{DAY + 4 * HOUR}", REVENUE: revenue}
    today = {
        f"sum({since_midnight(60 * minutes)})": {f"{DAY + minutes}m": 0.0}
        for minutes in (4, 8, 60, 120)
    }
    by_day = {"0s": 100.0 * (end - evening), "1d": 0.0}
    check(tmp_path, shown, {**today, expression(*BY_DAY): by_day})


@pytest.mark.parametrize("minute", [0, 10, 20, 30, 40, 50])
def test_calls_up_to_midnight_are_not_of_the_closed_day_after_it(
    minute: int, tmp_path: Path
) -> None:
    # Sixty an hour, of which each record has those of the hour up to four minutes before it.
    recorded = [
        max(0, min(at - 4, DAY) - max(at - 64, 0)) if at % HOUR == minute else "_"
        for at in range(0, 2 * DAY + 2 * HOUR, 10)
    ]
    hours = UP.replace("store_up", longterm.HOURLY_CALLS)
    shown = {f'{hours}, operation="get_cart"}}': " ".join(map(str, recorded))}
    calls = expression("Calls by day", 0)
    nearly_all, nearly_none = f"({calls}) > bool {DAY - 37}", f"({calls}) < bool 37"
    found = {nearly_all: {"0s": 1.0}, nearly_none: {"1d": 1.0}}
    # Of the samples promtool reads those up to the last time alone.
    check(tmp_path, shown, {**found, "vector(0)": {"50h": 0.0}}, interval="10m")


def test_a_day_of_calls_that_all_succeeded_has_no_failures_and_no_gap(tmp_path: Path) -> None:
    # There is no counter of failures before the first.
    hours = UP.replace("store_up", longterm.HOURLY_CALLS)
    recorded = {f'{hours}, operation="get_cart"}}': "60x24"}
    failures = expression("Failures by day", 0)
    check(tmp_path, recorded, {failures: {"0s": 0.0}, "vector(0)": {"24h": 0.0}}, interval="1h")


def test_days_are_exact_whatever_happened_to_prometheus_and_the_exporter(tmp_path: Path) -> None:
    rng, days = random.Random(4), 4
    seen: dict[str, int] = {}
    shown: dict[str, list[str]] = defaultdict(list)
    sold = [0.0] * days
    total, away, exporter = 0, 0, "a"
    for minute in range(days * DAY + 4):
        # Sales end an hour before the last midnight.
        total += rng.choice((0,) * 9 + (rng.randint(1, 400),)) if minute < days * DAY - HOUR else 0
        # Prometheus is away for minutes or hours, and once the exporter moves to another machine,
        # with what it has counted.
        away = away - 1 if away else rng.choice((0,) * 400 + (3, 12, 90, 400))
        exporter = "a" if minute < 2 * DAY + 5 * HOUR else "b"
        if not away:
            sold[min(minute // DAY, days - 1)] += total - seen.get(exporter, total)
            seen[exporter] = total
        for each in "ab":
            is_seen = each == exporter and not away
            shown[REVENUE.replace('"a"', f'"{each}"')].append(str(total) if is_seen else "_")
            shown[f'{UP}, instance="{each}"}}'].append("1" if is_seen else "_")
    by_day = {f"{day}d": float(each) for day, each in enumerate(sold)}
    today = {f"sum({since_midnight(60 * DAY)})": {f"{days}d": sold[-1]}}
    values = {name: " ".join(each) for name, each in shown.items()}
    check(tmp_path, values, {expression(*BY_DAY): by_day, **today})


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

    test = {
        "interval": "1m",
        "input_series": [
            *of_shops("store_collector_success", (1,) * len(read)),
            *of_shops("store_collector_last_success_timestamp_seconds", read),
        ],
        "promql_expr_test": [
            {
                "expr": since_midnight(3600, 2),
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
