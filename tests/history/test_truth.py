"""What real databases show of an imported table is what SQL says of its rows."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store_exporter.errors import Fault
from store_exporter.metrics.recorder import Recorder
from store_exporter.mixin.dashboards.pages import errors
from store_exporter.mixin.dashboards.variables import SKIPPED
from store_exporter.mounts.standalone import serve_metrics
from store_exporter.server.api import prometheus as analytics
from store_exporter.server.api.analytics import Filters, Findings, report
from tests import servers
from tests.history.support import imported
from tests.servers import eventually, tool

DAYS = 12
# Rows from an hour after each day's begin, counted back from now, to an hour before its end: what
# is exact between quarters of an hour has no rows at the edges of the days that are asked for.
TABLE = f"""
CREATE TABLE woocommerce_usage_metrics (
    id bigserial, customer_config_id bigint, domain text, operation text, duration_ms integer,
    success boolean, error_type text, error_message text, user_agent text, created_at timestamptz);
SELECT setseed(0.4);
INSERT INTO woocommerce_usage_metrics
    (customer_config_id, domain, operation, duration_ms, success, error_type, error_message,
     user_agent, created_at)
SELECT 7, 'shop.example.com',
    (ARRAY['get_cart', 'check_order', 'search_products'])[ceil(3 * random())],
    (40 + 900 * random() ^ 3)::integer, n % 7 > 0,
    CASE WHEN n % 7 = 0 THEN (ARRAY['timeout', 'NetworkError', 'WeirdError'])[1 + n % 3] END,
    CASE WHEN n % 7 = 0 THEN E'it said "no",\\nand\\tmore\\\\' END, NULL,
    now() - (n % {DAYS} + 1) * interval '1 day' + (1 + 22 * random()) * interval '1 hour'
FROM generate_series(1, 4000) AS n
"""
ERROR = """CASE error_type WHEN 'NetworkError' THEN 'connection' WHEN 'WeirdError'
    THEN 'invalid_coupon' ELSE error_type END"""


class Table:
    """The old table in a PostgreSQL of its own database."""

    def __init__(self, server: servers.Postgresql) -> None:
        self._server = server
        self._url = server.database()
        for statement in TABLE.split(";\n"):
            server.query(statement, url=self._url)

    def ask(
        self, columns: str, where: str = "true", group: str = ""
    ) -> dict[tuple[object, ...], int]:
        """Count rows by columns."""
        statement = (
            f"SELECT {columns}, count(*)::int FROM woocommerce_usage_metrics WHERE {where} "
            f"GROUP BY {group or columns}"
        )
        return {row[:-1]: row[-1] for row in self._server.query(statement, url=self._url)}  # type: ignore[misc]

    def mean(self, days: int) -> float:
        """The mean duration of the last days in milliseconds."""
        ((found,),) = self._server.query(
            "SELECT avg(duration_ms)::float FROM woocommerce_usage_metrics "
            f"WHERE created_at > now() - interval '{days} days'",
            url=self._url,
        )
        return float(str(found))

    def export(self, file: Path, options: str) -> None:
        """Have PostgreSQL write the table."""
        copy = f"COPY woocommerce_usage_metrics TO STDOUT ({options})"
        with (
            self._server.connect(self._url) as connection,
            connection.cursor() as cursor,
            cursor.copy(copy.encode()) as chunks,
        ):
            file.write_bytes(b"".join(bytes(chunk) for chunk in chunks))


@pytest.fixture(scope="module")
def table(postgresql: servers.Postgresql) -> Table:
    return Table(postgresql)


def make_blocks(folder: Path) -> None:
    """Make blocks of the samples for a Prometheus to start with, as the page on migration says."""
    for file in sorted((folder / "out").glob("*.om")):
        subprocess.run(
            [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet",
             "--max-block-duration=31d", str(file), str(folder / "prometheus")],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip


def midnights() -> Iterator[datetime]:
    """The ends (UTC) of the days that are over and have rows.

    The last row is an hour old. A day that the table ends with is left out: Prometheus extrapolates
    its counters beyond their last samples.
    """
    now = datetime.now(UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = (today - timedelta(days=back) for back in range(DAYS))
    return (end for end in ends if end < now - timedelta(hours=2))


def counts(
    found: list[tuple[dict[str, str], float]], *labels: str
) -> dict[tuple[object, ...], int]:
    """Figures by labels; each is a whole number but for a millionth."""
    for _, value in found:
        assert value == pytest.approx(round(value), rel=1e-6)
    return {tuple(each[name] for name in labels): round(value) for each, value in found if value}


def of_dashboard(server: servers.Server, title: str, at: str) -> str:
    """What the dashboard's table of errors asks for a day, for all stores."""

    def of_a_day(query: str) -> str:
        query = re.sub(r'"\$\w+"', '".*"', query)
        return query.replace("$__range_s", str(86_400)).replace("$__range", "1d")

    # Nothing was recorded of what is imported, which the variable is there to find out.
    ((labels, _),) = server.query(of_a_day(SKIPPED.ranked), time=at)
    panel = errors.ranked(title, "", 1000, tuple(Fault))
    read = panel.queries[0].expression.replace(f"${SKIPPED.name}", labels[SKIPPED.name])
    return of_a_day(read)


def analytics_of(server: servers.Server, days: int) -> Findings:
    """What the analytics API finds of the last days."""
    return asyncio.run(analytics.usage(server.url, Filters("acme", days=days), time.time()))


def check_days(table: Table, server: servers.Server) -> None:
    """Compare every whole day (UTC) with SQL: by operation, and by error as a dashboard asks."""
    for end in midnights():
        at = str(end.timestamp())
        day = (
            f"created_at >= '{(end - timedelta(days=1)).isoformat()}' "
            f"AND created_at < '{end.isoformat()}'"
        )
        calls = server.query("sum by (operation) (increase(store_operations_total[1d]))", time=at)
        assert counts(calls, "operation") == table.ask("operation", day)
        failed = server.query(of_dashboard(server, "Errors", at), time=at)
        expected = table.ask(f"operation, {ERROR}", f"NOT success AND {day}", "1, 2")
        assert counts(failed, "operation", "error_type") == expected


def check_analytics(table: Table, findings: Findings, days: int, live: int = 0) -> None:
    """Compare what the analytics API says of the last days with SQL."""
    stats = report(findings, Filters("acme"), "prometheus")["stats"]
    recent = f"created_at > now() - interval '{days} days'"
    by_operation = {key[0]: count for key, count in table.ask("operation", recent).items()}
    by_operation["get_cart"] += live
    assert stats["operations_by_type"] == by_operation
    by_error = {key[0]: n for key, n in table.ask(ERROR, f"NOT success AND {recent}", "1").items()}
    assert stats["errors_by_type"] == by_error
    if not live:
        assert stats["avg_duration_ms"] == pytest.approx(table.mean(days), abs=0.06)


def check_server(table: Table, server: servers.Server, recorder: Recorder) -> None:
    """Compare days and analytics with SQL, before and after live calls."""
    cart = recorder.operation("acme", "shop.example.com", "woocommerce", "get_cart")
    check_days(table, server)
    for days in (1, 3, 7, DAYS + 1):
        findings = analytics_of(server, days)
        check_analytics(table, findings, days)
    # The live figures go on where the table ends: what is counted now is added, no more.
    for _ in range(25):
        cart.start()
        cart.finish(0.6)
    eventually(lambda: server.growth('store_operations_total{job="app"}') == {(): 25})
    samples = "min(count_over_time(store_operation_duration_seconds[1h])) >= 12"
    eventually(lambda: server.query(samples), timeout=60)
    findings = analytics_of(server, 3)
    check_analytics(table, findings, 3, live=25)
    usage = findings.usages["shop.example.com", "woocommerce", "get_cart"]
    # The mean is of both: of native histograms that are scraped, and of classic ones. Prometheus
    # extrapolates native ones to before their birth, by half of the mean interval between samples.
    recent = "created_at > now() - interval '3 days' AND operation = 'get_cart'"
    rows = sum(table.ask("operation", recent).values())
    milliseconds = sum(
        int(str(key[0])) * count for key, count in table.ask("duration_ms", recent).items()
    )
    assert usage.total == pytest.approx(rows + 25)
    assert usage.seconds == pytest.approx(milliseconds / 1000 + 25 * 0.6, rel=0.02)


@pytest.mark.real
@pytest.mark.timeout(360)
@pytest.mark.parametrize(
    ("form", "options"),
    [("csv", "FORMAT csv, HEADER"), ("text", "FORMAT text")],
)
def test_prometheus_and_its_dashboards_say_what_sql_says(
    tmp_path: Path,
    table: Table,
    form: str,
    options: str,
) -> None:
    table.export(tmp_path / "export", options)
    assert imported(tmp_path, tmp_path / "export", f"--format={form}") == 0
    recorder = Recorder()
    make_blocks(tmp_path)
    with closing(serve_metrics(0, source=recorder)) as target:
        scrape = (
            "scrape_configs: [{job_name: app, scrape_interval: 500ms, scrape_timeout: 500ms, "
            f"static_configs: [{{targets: ['127.0.0.1:{target.port}']}}]}}]"
        )
        with servers.prometheus(scrape, tmp_path, "--storage.tsdb.retention.time=1y") as server:
            check_server(table, server, recorder)


def send(server: servers.Server, folder: Path) -> None:
    """Send the samples to VictoriaMetrics, as the page on migration says."""
    for file in sorted(folder.glob("*.om")):
        address = f"{server.url}/api/v1/import/prometheus"
        request = urllib.request.Request(address, data=file.read_bytes(), method="POST")
        urllib.request.urlopen(request, timeout=60).close()
    server.flush()


@pytest.mark.real
@pytest.mark.timeout(360)
def test_victoria_metrics_says_what_sql_says(
    tmp_path: Path, victoria_metrics: servers.VictoriaMetricsFactory, table: Table
) -> None:
    table.export(tmp_path / "export", "FORMAT csv, HEADER")
    assert imported(tmp_path, tmp_path / "export") == 0
    server = victoria_metrics("-retentionPeriod=1y")
    send(server, tmp_path / "out")
    check_days(table, server)
    for days in (1, 3, DAYS + 1):
        findings = analytics_of(server, days)
        check_analytics(table, findings, days)
