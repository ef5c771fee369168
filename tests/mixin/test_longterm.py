"""What is recorded each hour adds up to what the counters counted, and years of it are read."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from textwrap import dedent

import pytest

from store_exporter.metrics.catalogue.operations import OPERATION_ERRORS, OPERATIONS
from store_exporter.mixin import wide
from store_exporter.mixin.dashboards.counted import errors
from store_exporter.mixin.files import as_yaml
from store_exporter.mixin.model import Group, Record, as_document
from store_exporter.mixin.rules import longterm, recording, slo
from store_exporter.mixin.series import FAILURES
from store_exporter.server.api import prometheus as analytics
from store_exporter.server.api.analytics import Filters, Findings
from tests import servers
from tests.mixin import promtool as rules
from tests.mixin.panels import ALL, fill

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

HOUR, DAY = 3600, 86_400
SCRAPE = 15
RETENTION = "--storage.tsdb.retention.time=3y"
STORE = 'org="acme",domain="a.example",platform="woocommerce"'


def lives(rng: random.Random, start: int, hours: int) -> tuple[list[tuple[float, int]], int]:
    """The samples of one counter over several lives of its process, and what it counted in all."""
    samples: list[tuple[float, int]] = []
    counted, time_, end = 0, start + rng.random() * SCRAPE, start + hours * HOUR
    while time_ < end:
        value = 0
        for number in range(rng.choice((1, 2, 40, 400))):
            if time_ >= end:
                break
            # A new series is shown at zero first.
            more = 0 if number == 0 else rng.choice((0, 0, 1, 7, 400))
            value, counted = value + more, counted + more
            samples.append((time_, value))
            # Now and then Prometheus is away for a while, and the counter goes on.
            time_ += rng.choice((SCRAPE,) * 200 + (2400,))
        time_ += rng.choice((0, SCRAPE, 120, 1800, 5000))
    return samples, counted


def blocks(folder: Path, lines: Iterable[str]) -> None:
    """Write blocks into Prometheus' data directory."""
    text = folder / "history.om"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.write("# EOF\n")
    # The whole file is read for each block, of which there are thousands in years without it.
    longest = "--max-block-duration=2000h"
    promtool("create-blocks-from", longest, "openmetrics", str(text), str(folder / "prometheus"))


def promtool(*arguments: str, folder: Path | None = None) -> None:
    """Run `promtool tsdb`."""
    argv = [servers.tool("promtool"), "tsdb", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr or done.stdout


def record(folder: Path, group: Group, start: int, end: int) -> None:
    """Evaluate a group over the past.

    At which moment of its interval depends on the path of the file, which is therefore the same in
    every run: promtool leaves out the last second of each two hours.
    """
    file = f"{group.name}.yml"
    document = as_yaml(as_document([group]))
    (folder / file).write_text(document, encoding="utf-8")
    with servers.prometheus("{}", folder, RETENTION) as server:
        promtool(
            *("create-blocks-from", "rules", f"--url={server.url}", f"--start={start}"),
            *(f"--end={end}", f"--output-dir={folder / 'prometheus'}", file),
            folder=folder,
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_hours_add_up_to_what_was_counted_whatever_happened(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    hours = 10
    start = (int(time.time()) - 2 * DAY) // HOUR * HOUR
    text: dict[str, list[str]] = {OPERATIONS.name: [], OPERATION_ERRORS.name: []}
    expected: dict[str, Counter[str]] = {name: Counter() for name in text}
    for operation in ("get_cart", "add_to_cart"):
        for name, error in ((OPERATIONS.name, ""), (OPERATION_ERRORS.name, ',error_type="dns"')):
            for process in range(2):
                samples, counted = lives(rng, start + 600, hours)
                expected[name][operation] += counted
                labels = f'{STORE},operation="{operation}",instance="app:{process}"{error}'
                text[name] += [f"{name}{{{labels}}} {value} {at:.3f}" for at, value in samples]
    lines: list[str] = []
    for name, rows in text.items():
        lines += [f"# TYPE {name.removesuffix('_total')} counter", *rows]
    blocks(tmp_path, lines)
    end = start + (hours + 3) * HOUR
    for group in longterm.groups():
        record(tmp_path, group, start, end)
    with servers.prometheus("{}", tmp_path, RETENTION) as server:
        for name, recorded in (
            (OPERATIONS.name, longterm.HOURLY_CALLS),
            (OPERATION_ERRORS.name, longterm.HOURLY_ERRORS),
        ):
            query = f"sum by (operation) (sum_over_time({recorded}[4d]))"
            found = {labels["operation"]: value for labels, value in server.query(query)}
            assert found == expected[name]
        # And so do the five minutes of which dashboards make the number of errors of days.
        chosen = dict.fromkeys(("org", "domain", "platform", "operation"), ALL)
        asked = errors(("operation",), FAILURES)
        levels = (wide.OF_STORES, wide.OF_ORGS, wide.OF_ALL)
        for level, (_, skipped) in product(levels, longterm.SKIPPED[1:]):
            variables = {**chosen, "skipped": skipped, "level": level, "__range": "4d"}
            answer = server.query(fill(asked, variables))
            assert {labels["operation"]: value for labels, value in answer} == expected[name]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [("_x12 60 _x11 60 _x24", 60), ("_x12 60 _x36", 120), ("_x48", 60)],
    ids=["recorded", "missed the last time", "never recorded, as in a history"],
)
def test_an_hour_at_whose_end_prometheus_was_down_is_in_the_next_one(
    hours: str, expected: int, tmp_path: Path
) -> None:
    labels = f'{{{STORE},operation="get_cart"}}'
    test = {
        "interval": "5m",
        "input_series": [
            {"series": f"{longterm.CALLS}{labels}", "values": "5x40"},
            {"series": f"{longterm.HOURLY_CALLS}{labels}", "values": hours},
        ],
        "promql_expr_test": [
            {
                "expr": longterm.hour(longterm.CALLS, longterm.HOURLY_CALLS),
                "eval_time": "3h",
                "exp_samples": [{"labels": labels, "value": expected}],
            }
        ],
    }
    rules.write(tmp_path, {"evaluation_interval": "5m", "tests": [test]}, (), chosen=())
    rules.run(tmp_path)


Series = dict[tuple[str, ...], list[tuple[int, int]]]


def years(now: int) -> Series:
    """Figures of each hour of two years, but for three days; by name and operation."""
    rng = random.Random(3)
    times = [at for at in range(now - 800 * DAY, now, HOUR) if not 300 < (now - at) / DAY < 303]
    return {
        (name, operation): [(at, rng.randint(0, most)) for at in times]
        for operation in ("get_cart", "add_to_cart")
        for name, most in (
            (longterm.HOURLY_CALLS, 1000),
            (longterm.HOURLY_ERRORS, 20),
            (longterm.HOURLY_SECONDS, 500),
        )
    }


def written(series: Series, org: str = "acme") -> Iterator[str]:
    """The same as text."""
    for name in dict.fromkeys(name for name, _ in series):
        yield f"# TYPE {name} gauge"
        for (each, operation), points in series.items():
            if each == name:
                labels = f'{STORE.replace("acme", org)},operation="{operation}"'
                labels += ',error_type="timeout"' if name == longterm.HOURLY_ERRORS else ""
                yield from (f"{name}{{{labels}}} {value} {at}" for at, value in points)


@pytest.fixture(scope="module")
def two_years(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[servers.Server, Series, int]]:
    """A Prometheus with two years, what is in it, and when they end."""
    folder = tmp_path_factory.mktemp("years")
    now = int(time.time()) - HOUR
    series = years(now)
    blocks(folder, written(series))
    with servers.prometheus("{}", folder, RETENTION) as server:
        yield server, series, now


def asked(server: servers.Server, days: int) -> Findings:
    return asyncio.run(analytics.usage(server.url, Filters("acme", days=days), time.time()))


def counts(found: Findings) -> dict[tuple[str, ...], tuple[float, dict[str, float]]]:
    return {key: (usage.total, usage.errors) for key, usage in found.usages.items()}


@pytest.mark.parametrize("days", [730, 365, 91])
def test_analytics_of_years_is_what_the_hours_were(
    two_years: tuple[servers.Server, Series, int], days: int
) -> None:
    server, series, now = two_years
    findings = asked(server, days)
    since = time.time() - days * DAY

    def truth(name: str, operation: str) -> int:
        return sum(value for at, value in series[name, operation] if at > since)

    assert len(findings.usages) == 2
    for (_, _, operation), usage in findings.usages.items():
        assert usage.total == truth(longterm.HOURLY_CALLS, operation)
        assert usage.errors == {"timeout": truth(longterm.HOURLY_ERRORS, operation)}
        assert usage.seconds == pytest.approx(truth(longterm.HOURLY_SECONDS, operation))
    assert findings.start == pytest.approx(since, abs=2 * HOUR)
    assert findings.end == pytest.approx(now, abs=2 * HOUR)
    # Days are looked at one by one.
    assert findings.complete == (days < 300)
    gap = ["there is no data for 48.0 hours within that time"]
    assert findings.warnings == (gap if days > 300 else [])


def test_years_of_another_org_are_not_there(
    two_years: tuple[servers.Server, Series, int],
) -> None:
    server, _, _ = two_years
    findings = asyncio.run(analytics.usage(server.url, Filters("zen", days=730), time.time()))
    assert (findings.usages, findings.start, findings.complete) == ({}, None, False)


def test_victoria_metrics_reads_years_alike(
    tmp_path: Path, two_years: tuple[servers.Server, Series, int]
) -> None:
    server, series, _ = two_years
    flags = ("-retentionPeriod=3y", "-search.latencyOffset=0s")
    with servers.victoria_metrics(tmp_path, *flags) as victoria:
        body = "".join(f"{line}\n" for line in written(series)).encode()
        request = urllib.request.Request(f"{victoria.url}/api/v1/import/prometheus", body)
        urllib.request.urlopen(request, timeout=60).close()
        victoria.flush()
        one = asked(server, 730)
        # On a busy machine it may show series a moment after it has said that they are there.
        other = servers.eventually(
            partial(asked, victoria, 730), lambda found: counts(found) == counts(one)
        )
    assert other.start == pytest.approx(one.start, abs=2 * HOUR)
    assert other.end == pytest.approx(one.end, abs=2 * HOUR)
    assert (other.complete, bool(other.warnings)) == (False, True)


def test_the_documented_recipe_keeps_the_hours_elsewhere_and_nothing_else(
    tmp_path: Path, repository: Path, prometheus: servers.PrometheusFactory
) -> None:
    page = (repository / "docs" / "scaling.md").read_text("utf-8")
    (recipe,) = re.findall(r"  ```yaml\n(  remote_write:\n.*?)  ```", page, re.DOTALL)
    labels = {"org": "acme", "domain": "a.example", "platform": "woocommerce", "operation": "x"}
    every = [rule for group in [*recording.groups(), *slo.groups()] for rule in group.rules]
    names = dict.fromkeys(rule.name for rule in every)
    group = Group("all", [Record(name, "vector(7)", labels) for name in names], interval=1)
    document = as_document([group])
    (tmp_path / "rules.yml").write_text(as_yaml(document), encoding="utf-8")
    years = prometheus("{}", RETENTION)
    config = f"rule_files: [rules.yml]\n{dedent(recipe)}"
    with servers.prometheus(config.replace("http://prometheus-years:9090", years.url), tmp_path):
        kept = partial(years.query, 'count by (__name__) ({__name__!=""})')
        found = servers.eventually(kept, lambda found: len(found) > 2)
        calls = asked(years, 730).usages
    assert {labels["__name__"] for labels, _ in found} == {
        longterm.HOURLY_CALLS,
        longterm.HOURLY_ERRORS,
        longterm.HOURLY_SECONDS,
    }
    (usage,) = calls.values()
    assert usage.total >= 7
