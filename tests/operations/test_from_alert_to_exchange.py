"""Calls fail in an application, an alert fires, and it leads to the HTTP exchange that failed.

Every step asks a real program or the official protocol: the application's HTTP client a store on
a loopback port, Prometheus the application, the generated rule Prometheus, and OpenTelemetry's own
exporter an OTLP receiver that keeps what it gets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from store_demo.stores.base import Role, open_store
from store_demo.stores.faults import Fault
from store_exporter import Recorder, StoreError, serve_metrics
from store_exporter.calls.book import CallBook
from store_exporter.mixin import alerts
from store_exporter.mixin.dashboards.operations import page
from store_exporter.mixin.dashboards.panels import Query
from store_exporter.mixin.files import as_yaml
from store_exporter.net.retry import Policy
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.traces import Traces, attributes, receiving
from tests.servers import PrometheusFactory, Server, eventually

ALERT, OPERATION = "StoreOperationBroken", "check_stock"
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
        url, *credentials, org="acme", domain="shop.example.com", recorder=recorder,
        policy=Policy(attempts=1),
    ) as store:  # fmt: skip
        for _ in range(calls):
            with pytest.raises(StoreError):
                store.check_stock("SKU-010")


@pytest.mark.real
@pytest.mark.timeout(180)
async def test_an_alert_leads_to_the_http_exchange_that_failed(
    prometheus: PrometheusFactory, tmp_path: Path, traces: Traces
) -> None:
    recorder = Recorder()
    recorder.calls = CallBook()
    shop = open_store(Role("acme", "shop.example.com", "woocommerce", "EUR"), seed=5)
    shop.faults.add(Fault(status=400, body=REFUSED, content_type="application/json"))
    credentials = list(shop.credentials.values())
    served = serve_metrics(0, source=recorder)
    try:
        async with shop.serve() as url:
            await asyncio.to_thread(fail_often, url, credentials, recorder, 30)
            server = await asyncio.to_thread(prometheus_of, prometheus, tmp_path, served.port)
            await asyncio.to_thread(_lead, server, traces, recorder, url)
    finally:
        served.close()


def _queries() -> list[Query]:
    rows = page().rows
    return [query for row in rows for panel in row.panels for query in panel.queries]


def _lead(server: Server, traces: Traces, recorder: Recorder, url: str) -> None:
    # 1. The alert fires, and says which operation of which platform.
    firing = f'ALERTS{{alertname="{ALERT}",alertstate="firing"}}'
    [(alert, _)] = eventually(lambda: server.query(firing), bool, timeout=60)
    assert (alert["platform"], alert["operation"]) == ("woocommerce", OPERATION)
    # 2. The series behind it have the trace of a failure.
    selector = (
        "store_operation_errors_total"
        f'{{platform="{alert["platform"]}",operation="{alert["operation"]}"}}'
    )

    def exemplars() -> list[Any]:
        found = server.json("/api/v1/query_exemplars", query=selector, start="0", end="4e9")
        return [(one["seriesLabels"], two) for one in found["data"] for two in one["exemplars"]]

    series, exemplar = eventually(exemplars)[0]
    assert (series["domain"], series["fault"]) == ("shop.example.com", "app")
    trace_id, span_id = exemplar["labels"]["trace_id"], exemplar["labels"]["span_id"]
    # 3. The trace has the operation, and below it the exchange that failed.
    found = eventually(lambda: traces.of(trace_id), lambda spans: len(spans) >= 2)
    (operation,) = [span for span in found if span.span_id.hex() == span_id]
    assert operation.name == OPERATION
    assert attributes(operation)["error.type"] == series["error_type"]
    exchange = [attributes(span) for span in found if span.parent_span_id == operation.span_id][-1]
    assert exchange["http.response.status_code"] == 400
    assert exchange["url.full"].startswith(f"{url}/wp-json/")
    # 4. The dashboard's graph of latency shows it as a dot, whatever is chosen above.
    (dotted,) = [query for query in _queries() if query.exemplars]
    expression = re.sub(r"\$__\w+", "1m", dotted.expression)
    expression = re.sub(r"\$\w+|\$\{\w+(:\w+)?\}", ".*", expression)
    dots = server.json("/api/v1/query_exemplars", query=expression, start="0", end="4e9")["data"]
    assert trace_id in {dot["labels"]["trace_id"] for one in dots for dot in one["exemplars"]}
    # 5. So do the recent calls, with what the store said.
    assert recorder.calls is not None
    ids = {call.trace_id: call for call in recorder.calls.read("acme", "shop.example.com")}
    kept = eventually(lambda: traces.of(next(iter(ids))), lambda spans: len(spans) >= 2)
    assert OPERATION in {span.name for span in kept}
    assert {call.status for call in ids.values()} == {400}
