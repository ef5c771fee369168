"""Two exporters that watch the same stores double no figure, in no panel, rule or alert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import CATALOGUE, business, health, metrics_of
from store_exporter.mixin import alerts, dashboards, series
from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, Query
from store_exporter.mixin.model import Alert
from store_exporter.mixin.rules import recording, slo
from tests import servers
from tests.mixin import promtool, synthetic
from tests.mixin.panels import Source, choices
from tests.mixin.test_victoria_metrics import FLAGS, Values, alike, asked, last, send
from tests.servers import Server

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

OTHER = (("job", "store-exporter"), ("instance", "standby:10847"), ("pod", "standby-0"))
"""With a label of those that Prometheus Operator and external labels of replicas add."""
WATCHED = {metric.name for metric in (*metrics_of(health), *metrics_of(business))}
ASKED_BY_EACH = re.compile("store_api_(requests|throttled|cost)")
"""What both ask of a store, it is asked; so these are added up."""
ABOUT_TWO = (series.WATCHERS, series.WATCHERS_SEEN)
"""Rules that tell of just this."""
PROCESS_WIDE = "exporter"
"""The page about the processes themselves, each of which is shown."""


@pytest.fixture(scope="module")
def one_and_two(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, Server, int]]:
    """The same stores watched by one exporter and by two, and the last moment of both."""
    now = 1_790_000_000
    # A bar of a day stands at its beginning, so there must be figures after the moment asked.
    moment = now - synthetic.HOUR // 2
    flags = (*FLAGS, "-retentionPeriod=100y")
    with (
        servers.victoria_metrics(tmp_path_factory.mktemp("one"), *flags) as one,
        servers.victoria_metrics(tmp_path_factory.mktemp("two"), *flags) as two,
    ):
        for server, watchers in ((one, 1), (two, 2)):
            for metric in CATALOGUE.values():
                send(server, synthetic.lines(metric, now))
                if watchers == 2 and metric.name in WATCHED:
                    send(server, synthetic.lines(metric, now, process=OTHER))
            more = synthetic.target_lines(now), synthetic.recorded_lines(now, watchers)
            send(server, chain(*more))
            server.flush()
            # What VictoriaMetrics was already writing when it was asked to flush comes later.
            servers.eventually(partial(Source(server.url, moment).exists, series.STORE_UP, {}))
            server.flush()
        yield one, two, moment


def queries() -> Iterator[tuple[DashboardPage, Panel, Query]]:
    for page in dashboards.pages():
        for panel in page.panels:
            for query in panel.queries:
                if not ASKED_BY_EACH.search(query.expression):
                    yield page, panel, query


def without_process(found: Values) -> Values:
    """The same without the labels that tell the two exporters apart, where those are alike."""
    plain: Values = {}
    for key, value in found.items():
        rest = tuple(pair for pair in key if pair[0] not in ("job", "instance", "pod"))
        assert plain.setdefault(rest, value) == value, key
    return plain


def test_no_panel_shows_more_of_two(one_and_two: tuple[Server, Server, int]) -> None:
    one, two, now = one_and_two
    single, double = Source(one.url, now), Source(two.url, now)
    wrong: list[object] = []
    for page, panel, query in queries():
        chosen = next(choices(single, page))
        expected = last(single.ask(panel, query, chosen))
        try:
            found = last(double.ask(panel, query, chosen))
        except ValueError as error:
            wrong.append((page.file, panel.title, query.legend, expected, str(error)))
            continue
        if page.file == PROCESS_WIDE:
            expected, found = without_process(expected), without_process(found)
        if not alike(expected, found):
            wrong.append((page.file, panel.title, query.legend, expected, found))
    assert not wrong, "\n".join(map(str, wrong))


def test_no_rule_and_no_alert_finds_more_of_two(one_and_two: tuple[Server, Server, int]) -> None:
    one, two, now = one_and_two
    wrong: list[object] = []
    compared = 0
    for group in (*recording.groups(), *slo.groups(), *alerts.groups()):
        for rule in group.rules:
            expression = rule.query if isinstance(rule, Alert) else rule.expression
            of_process = "_instance" in rule.name.partition(":")[0]
            if rule.name in ABOUT_TWO or of_process or ASKED_BY_EACH.search(expression):
                continue
            expected, found = (asked(server, expression, now) for server in (one, two))
            assert isinstance(expected, dict), expected
            compared += bool(expected)
            if not isinstance(found, dict) or not alike(expected, found):
                wrong.append((rule.name, expression, expected, found))
    assert not wrong, "\n".join(map(str, wrong))
    assert compared > 40


PAID = 'store_orders_paid_total{org="acme", domain="books.example", platform="woocommerce"'
UP = PAID.replace("store_orders_paid_total", "store_up")
# One order a minute, over two hours.
SITUATIONS: dict[str, dict[str, str]] = {
    "one exporter": {f'{UP}, instance="a"}}': "1x120", f'{PAID}, instance="a"}}': "0+1x120"},
    "two that share no state and watch at the same time": {
        f'{UP}, instance="a"}}': "1x120",
        f'{UP}, instance="b"}}': "1x120",
        f'{PAID}, instance="a"}}': "500+1x120",
        f'{PAID}, instance="b"}}': "0+1x120",
    },
    "one that took over from another in the middle of the hour, with its state": {
        f'{UP}, instance="a"}}': "1x90 stale",
        f'{UP}, instance="b"}}': "_x90 1x30",
        f'{PAID}, instance="a"}}': "0+1x90 stale",
        f'{PAID}, instance="b"}}': "_x90 90+1x30",
    },
    "a takeover where the series are the stores' own": {
        f'{UP}, instance="books.example"}}': "1x120",
        f'{PAID}, instance="books.example"}}': "0+1x90 stale 92+1x28",
    },
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_orders_of_an_hour_are_those_that_were_paid(situation: str, tmp_path: Path) -> None:
    labels = '{org="acme", domain="books.example", platform="woocommerce"}'
    test = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": v} for name, v in SITUATIONS[situation].items()
        ],
        "promql_expr_test": [
            {
                # Prometheus extrapolates to the ends of each series.
                "expr": f"abs({series.ORDERS_HOURLY} - 60) < bool 1.5",
                "eval_time": "2h",
                "exp_samples": [{"labels": labels, "value": 1}],
            }
        ],
    }
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write(tmp_path, tests, ("health", "health.minute", "business"), chosen=())
    promtool.run(tmp_path)


def brief(first: int, last: int, counted: str, instance: str) -> dict[str, str]:
    """An exporter from its first scrape to its last one, which is shown until the next has failed.

    Args:
        first: number of the scrape.
        last: likewise.
        counted: what it had at the first one.
        instance: names it.
    """
    before, count = f"_x{first} " if first else "", last - first
    return {
        f'{UP}, instance="{instance}"}}': f"{before}1x{count} _ stale",
        f'{PAID}, instance="{instance}"}}': f"{before}{counted}+10x{count} _ stale",
    }


# Ten orders between two scrapes.
BRIEFLY: dict[str, dict[str, str]] = {
    "two that begin together, of which one ends after a minute": {
        **brief(0, 4, "0", "a"),
        **brief(0, 40, "0", "b"),
    },
    "one that is joined by another, which has other figures": {
        **brief(0, 40, "0", "a"),
        **brief(8, 40, "700", "b"),
    },
    "one that took over, while the last sample of the other one is still shown": {
        **brief(0, 20, "0", "a"),
        **brief(21, 40, "210", "b"),
    },
}


@pytest.mark.parametrize("situation", BRIEFLY)
def test_from_the_first_scrape_on_no_order_is_shown_twice(situation: str, tmp_path: Path) -> None:
    paid = series.counted(business.ORDERS_PAID, "1h", function="delta")
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": v} for name, v in BRIEFLY[situation].items()],
        "promql_expr_test": [
            # Prometheus extrapolates by half a scrape; orders of some may not be seen yet.
            {
                "expr": f"count({paid} > {10 * scrape + 6} or {paid} < {10 * (scrape - 3)})",
                "eval_time": f"{15 * scrape}s",
                "exp_samples": [],
            }
            for scrape in range(41)
        ],
    }
    tests = {"evaluation_interval": "15s", "tests": [test]}
    promtool.write(tmp_path, tests, ("health", "health.minute"), chosen=())
    promtool.run(tmp_path)
