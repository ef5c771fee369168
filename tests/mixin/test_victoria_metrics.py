"""VictoriaMetrics answers every panel, rule and alert as Prometheus does, by either way in."""

from __future__ import annotations

import asyncio
import math
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.metrics.catalogue.operations import OPERATION_DURATION
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import Recorder
from store_exporter.mixin import alerts, dashboards, policy, promql, series
from store_exporter.mixin.dashboards.columns import NOTE
from store_exporter.mixin.dashboards.panels import PanelKind
from store_exporter.mixin.dashboards.values import NO_FIGURE
from store_exporter.mixin.dashboards.variables import DETAIL
from store_exporter.mixin.model import Alert, Record
from store_exporter.mixin.rules import recording, slo
from store_exporter.mounts import serve_metrics
from store_exporter.server.api import prometheus as analytics
from store_exporter.server.api.analytics import Filters, Findings
from tests import servers
from tests.metrics.otlp.figures import EXPONENTIAL
from tests.mixin import synthetic
from tests.mixin.conftest import write_rules
from tests.mixin.panels import Series, Source, choices, proof
from tests.servers import Server, eventually

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

Values = dict[tuple[tuple[str, str], ...], float]
ONE_VALUE = 1
"""Of each variable: which series have another one is no question of the server's kind."""
FLAGS = ("-retentionPeriod=1y", "-search.latencyOffset=0s")
DASHED = (PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE)
# VictoriaMetrics carries a sample on for the whole step of a subquery, Prometheus for five minutes;
# that differs in this history, which has an hour of each week, and in none that goes on.
# VictoriaMetrics evaluates what stands still within a subquery at its last point, Prometheus at the
# end of the query; so spreads of correlations are those of a point earlier there. By the moment at
# which this history ends, a coefficient was up to 0.09 apart.
CORRELATED = "Error types that move together"
SPARSE = re.compile(r"\[\d+d:1h\]")
# Prometheus has less of this history where the steps are long: those of days are at midnight, and
# those of two hours at even hours, when it may have no sample.
LONG_STEPS = re.compile(r"\[\d+d:(1d|2h)\]")


@pytest.fixture(scope="module")
def both(
    history: tuple[Server, float], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Server, int]]:
    """Prometheus, VictoriaMetrics with the same figures, and the last moment that they have."""
    server = history[0]
    now = int(server.query("max(last_over_time(timestamp(store_up)[1h:1s]))")[0][1])
    with servers.victoria_metrics(tmp_path_factory.mktemp("victoria"), *FLAGS) as victoria:
        for metric in CATALOGUE.values():
            send(victoria, synthetic.lines(metric, now))
        send(victoria, chain(synthetic.target_lines(now), synthetic.recorded_lines(now)))
        victoria.flush()
        # On a busy machine it may show series a moment after it has said that they are there.
        eventually(partial(asked, victoria, series.STORE_UP, now), bool)
        yield server, victoria, now


def send(server: Server, lines: Iterator[str]) -> None:
    """Hand samples over as text."""
    body = "".join(f"{line}\n" for line in lines).encode()
    request = urllib.request.Request(f"{server.url}/api/v1/import/prometheus", body)
    urllib.request.urlopen(request, timeout=60).close()


def last(found: list[Series]) -> Values:
    """The last value of each series, by its labels but for the name."""
    return {
        tuple(sorted((k, v) for k, v in labels.items() if k != "__name__")): values[-1]
        for labels, values in found
    }


def asked(server: Server, expression: str, now: int) -> Values | str:
    """The answer to a rule's expression, or the error."""
    try:
        found = server.query(expression, time=str(now))
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    return last([(labels, [value]) for labels, value in found])


def alike(one: Values, other: Values, *, figures: bool = True, apart: float = 1e-9) -> bool:
    """Whether these are the same series, with the same values but for extrapolation."""
    return one.keys() == other.keys() and (
        not figures
        or all(
            math.isclose(one[key], other[key], rel_tol=0.02, abs_tol=apart)
            or (math.isnan(one[key]) and math.isnan(other[key]))
            for key in one
        )
    )


def test_every_query_of_every_panel_has_data_there(both: tuple[Server, Server, int]) -> None:
    _, victoria, now = both
    found = proof(Source(victoria.url, now), dashboards.pages(), ONE_VALUE)
    assert not found, "\n".join(map(str, found))


def test_where_nothing_is_found_a_row_of_words_is_there_as_well(
    both: tuple[Server, Server, int],
) -> None:
    _, victoria, now = both
    source = Source(victoria.url, now)
    tables = [
        (page, panel, query)
        for page in dashboards.pages()
        for panel in page.panels
        for query in panel.queries
        if query.otherwise
    ]
    assert tables
    for page, panel, query in tables:
        nobody = {**next(choices(source, page)), "org": "nobody", "instance": "nobody"}
        ((labels, values),) = source.ask(panel, query, nobody)
        assert labels == {NOTE: query.otherwise}
        assert set(values) == {NO_FIGURE[0]}


def test_a_week_that_is_read_from_samples_has_data_there(
    both: tuple[Server, Server, int],
) -> None:
    _, victoria, now = both
    source = Source(victoria.url, now, step=600, range_=7 * 86400)
    sampled = [page for page in dashboards.pages() if DETAIL in page.variables]
    assert all(next(choices(source, page))[DETAIL.name] == "none" for page in sampled)
    found = proof(source, sampled, ONE_VALUE)
    assert not found, "\n".join(map(str, found))


def test_every_panel_shows_there_what_it_shows_on_prometheus(
    both: tuple[Server, Server, int],
) -> None:
    server, victoria, now = both
    sources = Source(server.url, now), Source(victoria.url, now)
    for page in dashboards.pages():
        chosen = next(choices(sources[0], page))
        for panel in page.panels:
            for query in panel.queries:
                one, other = (last(source.ask(panel, query, chosen)) for source in sources)
                # The points of graphs are a part of a step apart.
                apart = 0.2 if panel.title == CORRELATED else 1e-9
                same = alike(one, other, figures=panel.kind not in DASHED, apart=apart)
                assert same, (page.file, panel.title, query.legend, one, other)


def test_every_rule_and_alert_finds_there_what_it_finds_on_prometheus(
    both: tuple[Server, Server, int],
) -> None:
    server, victoria, now = both
    groups = [*recording.groups(), *slo.groups(), *alerts.groups()]
    found = 0
    for rule in (rule for group in groups for rule in group.rules):
        expression = rule.query if isinstance(rule, Alert) else rule.expression
        one, other = asked(server, expression, now), asked(victoria, expression, now)
        assert isinstance(one, dict), one
        assert isinstance(other, dict), other
        if LONG_STEPS.search(expression):
            assert one.keys() <= other.keys(), (expression, one, other)
            continue
        same = alike(one, other, figures=not SPARSE.search(expression))
        assert same, (expression, one, other)
        found += isinstance(rule, Record) and bool(one)
    assert found > 40


def exercised(recorder: Recorder | None = None) -> Recorder:
    """Calls of 0.1 to 1 s, of which one in ten fails."""
    recorder = recorder or Recorder()
    handle = recorder.operation("acme", "a.example", "woocommerce", "get_cart")
    for number in range(100):
        handle.start()
        seconds = 0.1 + 0.009 * number
        handle.fail(seconds, "timeout") if number % 10 == 0 else handle.finish(seconds)
    return recorder


def check(victoria: Server, calls: int = 100) -> None:
    """The quantiles that rules record there, and what analytics says."""

    def quantile(q: float) -> float:
        victoria.flush()
        found = victoria.query(promql.quantile(q, OPERATION_DURATION, policy.RATE_WINDOW, ()))
        return found[0][1] if found else 0.0

    expected = {0.5: 0.55, 0.95: 0.96, 0.99: 0.99}
    for q, seconds in expected.items():
        # Classic buckets are as wide as that.
        near = partial(math.isclose, seconds, rel_tol=0.35)
        eventually(partial(quantile, q), near)

    def read() -> Findings:
        return asyncio.run(analytics.usage(victoria.url, Filters("acme", days=1), time.time()))

    answer = eventually(read, lambda found: [u.total for u in found.usages.values()] == [calls])
    (usage,) = answer.usages.values()
    assert usage.errors == {"timeout": calls // 10}
    assert usage.seconds / usage.total == pytest.approx(0.5455, rel=0.01)
    assert answer.start is not None
    assert answer.end is not None
    assert time.time() - 120 < answer.start < answer.end < time.time() + 1
    assert (answer.complete, answer.warnings) == (False, [])


def test_the_documented_remote_write_brings_quantiles_along(
    tmp_path: Path, repository: Path
) -> None:
    page = (repository / "docs" / "scaling.md").read_text("utf-8")
    (recipe,) = re.findall(r"```yaml\n(global:\n.*?remote_write:.*?)```", page, re.DOTALL)
    recorder = exercised()
    with (
        servers.victoria_metrics(tmp_path, *FLAGS) as victoria,
        closing(serve_metrics(0, source=recorder)) as target,
    ):
        config = recipe.replace("http://victoria-metrics:8428", victoria.url)
        config = config.replace("global:\n", "global:\n  scrape_interval: 1s\n", 1)
        # Of Prometheus 3.8; earlier ones have a flag, which the tests' Prometheus is started with.
        config = config.replace("  scrape_native_histograms: true\n", "")
        config += f"""
rule_files: ["rules/*.yml"]
scrape_configs:
  - job_name: application
    static_configs: [{{targets: ["127.0.0.1:{target.port}"]}}]
"""
        write_rules(tmp_path / "rules")
        with servers.prometheus(config, tmp_path) as server:
            eventually(lambda: server.query("store_operations_total > 0"))
            native = server.query("store_operation_duration_seconds")
            assert isinstance(native[0][1], dict)
            check(victoria)


def test_what_it_scrapes_itself_has_quantiles(tmp_path: Path) -> None:
    recorder = exercised()
    with closing(serve_metrics(0, source=recorder)) as target:
        (tmp_path / "scrape.yml").write_text(
            f"""
            scrape_configs:
              - job_name: application
                scrape_interval: 1s
                static_configs: [{{targets: ["127.0.0.1:{target.port}"]}}]
            """
        )
        flag = f"-promscrape.config={tmp_path / 'scrape.yml'}"
        with servers.victoria_metrics(tmp_path, *FLAGS, flag) as victoria:
            eventually(lambda: victoria.query("store_operations_total > 0"))
            check(victoria)


@pytest.mark.parametrize("histograms", ["explicit_bucket_histogram", EXPONENTIAL])
def test_what_is_pushed_to_it_has_quantiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, histograms: str
) -> None:
    """Exponential histograms become its own buckets, with `vmrange` in place of `le`."""
    flags = (*FLAGS, "-opentelemetry.usePrometheusNaming")
    with servers.victoria_metrics(tmp_path, *flags) as victoria:
        metrics = "OTEL_EXPORTER_OTLP_METRICS_"
        monkeypatch.setenv(f"{metrics}ENDPOINT", f"{victoria.url}/opentelemetry/v1/metrics")
        monkeypatch.setenv(f"{metrics}DEFAULT_HISTOGRAM_AGGREGATION", histograms)
        recorder = exercised()
        pusher = start_otlp(recorder, interval=3600, resource={"service.name": "application"})
        assert pusher.flush(20)
        # Its own buckets are not sent at zero first, so a rate needs a second push.
        time.sleep(1.1)
        exercised(recorder)
        assert pusher.flush(20)
        pusher.shutdown()
        check(victoria, calls=200)
        native = promql.rate(OPERATION_DURATION, "5m")
        classic = partial(promql.rate, OPERATION_DURATION, "5m", suffix="_bucket")
        within = promql.share_within(0.5, ("org",), native, classic)
        found = eventually(lambda: victoria.query(within))
        assert found[0][1] == pytest.approx(0.45, abs=0.05)
