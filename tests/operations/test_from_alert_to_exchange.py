"""Calls fail in an application, an alert fires, and it leads to the HTTP exchange that failed.

Every step asks a real program or the official protocol: the application's HTTP client a store on
a loopback port, Prometheus the application, the generated rule Prometheus, and OpenTelemetry's own
exporter an OTLP receiver that keeps what it gets.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from store_demo.stores.base import Role, open_store
from store_demo.stores.faults import Fault
from store_exporter import Recorder, StoreError, serve_metrics
from store_exporter.calls.book import CallBook
from store_exporter.mixin import alerts, dashboards
from store_exporter.mixin.dashboards.panels import DashboardPage
from store_exporter.mixin.files import as_yaml
from store_exporter.mixin.names import Dashboards
from store_exporter.net.retry import Policy
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.traces import Traces, attributes, receiving
from tests.servers import PrometheusFactory, Server, eventually

ALERT, OPERATION, DOMAIN = "StoreOperationBroken", "check_stock", "shop.example.com"
REFUSED = '{"code": "some_plugin_says_no", "message": "no", "data": {"status": 400}}'


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    """The traces of an application that has set a provider."""
    with receiving() as kept:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=kept.endpoint)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=200))
        monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
        yield kept
        provider.shutdown()


def prometheus_of(prometheus: PrometheusFactory, folder: Path, port: int) -> Server:
    rules = folder / "rules.yml"
    # As generated, but for how long an alert must hold before it fires.
    document = alerts.document(pace=0.001)
    for group in document["groups"]:
        group["interval"] = "500ms"
    rules.write_text(as_yaml(document), encoding="utf-8")
    return prometheus(
        f"""
        rule_files: [{str(rules)!r}]
        scrape_configs:
          - job_name: application
            scrape_interval: 500ms
            static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
        """,
        "--enable-feature=exemplar-storage",
    )


def fail_often(url: str, credentials: list[str], recorder: Recorder, calls: int) -> None:
    """Run an application's operation, which the store refuses as a request that makes no sense."""
    with WooCommerce(
        url, *credentials, org="acme", domain=DOMAIN, recorder=recorder,
        policy=Policy(attempts=1),
    ) as store:  # fmt: skip
        for _ in range(calls):
            with pytest.raises(StoreError):
                store.check_stock("SKU-010")


@pytest.mark.real
@pytest.mark.timeout(360)
async def test_an_alert_leads_to_the_http_exchange_that_failed(
    prometheus: PrometheusFactory, tmp_path: Path, traces: Traces, repository: Path
) -> None:
    # A trace is kept for seconds before a later one takes its place, of an error and of a bucket
    # each for itself. Here no time passes, so both keep that of the first call.
    began = time.time()
    recorder = Recorder(clock=lambda: began)
    recorder.calls = CallBook()
    shop = open_store(Role("acme", DOMAIN, "woocommerce", "EUR"), seed=5)
    shop.faults.add(Fault(status=400, body=REFUSED, content_type="application/json"))
    credentials = list(shop.credentials.values())
    served = serve_metrics(0, source=recorder)
    try:
        async with shop.serve() as url:
            await asyncio.to_thread(fail_often, url, credentials, recorder, 30)
            server = await asyncio.to_thread(prometheus_of, prometheus, tmp_path, served.port)
            await asyncio.to_thread(_lead, server, traces, recorder, url, repository)
    finally:
        served.close()


def pages() -> dict[str, DashboardPage]:
    return {page.file: page for page in dashboards.pages()}


def asked(expression: str) -> str:
    """What a panel asks when everything is chosen."""
    expression = re.sub(r"\$__\w+", "1m", expression)
    return re.sub(r"\$\w+|\$\{\w+(:\w+)?\}", ".*", expression)


def trace_queries(repository: Path) -> list[str]:
    """What Grafana asks for a span, as its data source for traces says."""
    file = repository / "grafana/provisioning/datasources/tempo.yml"
    (source,) = yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    return [query["query"] for query in source["jsonData"]["tracesToMetrics"]["queries"]]


def _lead(server: Server, traces: Traces, recorder: Recorder, url: str, repository: Path) -> None:
    # 1. The alert fires, and says which operation of which platform.
    firing = f'ALERTS{{alertname="{ALERT}",alertstate="firing"}}'
    [(alert, _)] = eventually(lambda: server.query(firing), bool, timeout=60)
    assert (alert["platform"], alert["operation"]) == ("woocommerce", OPERATION)
    # 2. It leads to the dashboard of errors, whose table names the store.
    errors_page = pages()["errors"]
    told = [one["annotations"] for one in server.json("/api/v1/alerts")["data"]["alerts"]]
    assert any(f"/d/{errors_page.of.uid}?" in one["dashboard_url"] for one in told)
    (table,) = (one for one in errors_page.panels if one.title == "The 50 most frequent failures")
    assert Dashboards.OPERATIONS in table.links
    rows = eventually(lambda: server.query(asked(table.queries[0].expression)))
    assert {(row["domain"], row["operation"]) for row, _ in rows} == {(DOMAIN, OPERATION)}
    # 3. The series behind it have the trace of a failure.
    selector = (
        "store_operation_errors_total"
        f'{{platform="{alert["platform"]}",operation="{alert["operation"]}"}}'
    )

    def exemplars() -> list[Any]:
        found = server.json("/api/v1/query_exemplars", query=selector, start="0", end="4e9")
        return [(one["seriesLabels"], two) for one in found["data"] for two in one["exemplars"]]

    series, exemplar = eventually(exemplars)[0]
    assert (series["domain"], series["fault"]) == (DOMAIN, "app")
    trace_id, span_id = exemplar["labels"]["trace_id"], exemplar["labels"]["span_id"]
    # 4. The trace has the operation, and below it the exchange that failed.
    found = eventually(lambda: traces.of(trace_id), lambda spans: len(spans) >= 2)
    (operation,) = [span for span in found if span.span_id.hex() == span_id]
    assert operation.name == OPERATION
    assert attributes(operation)["error.type"] == series["error_type"]
    exchange = [attributes(span) for span in found if span.parent_span_id == operation.span_id][-1]
    assert exchange["http.response.status_code"] == 400
    assert exchange["url.full"].startswith(f"{url}/wp-json/")
    # 5. The graphs of latency and of errors show it as a dot, whatever is chosen above.
    dotted = [
        asked(target["expr"])
        for panel in dashboards.documents()["operations"]["panels"]
        for target in panel.get("targets", ())
        if target.get("exemplar")
    ]
    assert len(dotted) == 2
    for query in dotted:
        answer = server.json("/api/v1/query_exemplars", query=query, start="0", end="4e9")
        dots = [dot for one in answer["data"] for dot in one["exemplars"]]
        assert trace_id in {dot["labels"]["trace_id"] for dot in dots}, query
        # Beside the dots there are no figures, which would take long to read.
        assert not server.query(query)
    # 6. From its span Grafana leads back to figures of this operation in this store.
    labels = attributes(operation)
    tags = ", ".join(f'{name}="{labels[name]}"' for name in ("org", "domain", "operation"))
    for template in trace_queries(repository):
        assert server.query(template.replace("$$__tags", tags)), template
    # 7. So do the recent calls, with what the store said.
    assert recorder.calls is not None
    ids = {call.trace_id: call for call in recorder.calls.read("acme", DOMAIN)}
    kept = eventually(lambda: traces.of(next(iter(ids))), lambda spans: len(spans) >= 2)
    assert OPERATION in {span.name for span in kept}
    assert {call.status for call in ids.values()} == {400}
