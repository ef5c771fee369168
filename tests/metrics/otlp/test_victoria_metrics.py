"""A real receiver answers the same questions alike, whether it scraped or was pushed to."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import partial

import pytest

from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.families import Sample
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import Recorder
from store_exporter.mounts import serve_metrics
from tests.servers import Server, eventually, victoria_metrics

STORE = ("acme", "shop.example.com", "woocommerce")
_RANDOM = random.Random(3)
DURATIONS = [_RANDOM.lognormvariate(-1.5, 0.8) for _ in range(2000)]
EXPONENTIAL = "base2_exponential_bucket_histogram"
Series = dict[tuple[tuple[str, str], ...], float]


def recorded() -> Recorder:
    recorder = Recorder()
    for name, errors in (("add_to_cart", 500), ("get_order", 20)):
        operation = recorder.operation(*STORE, name)
        for number, seconds in enumerate(DURATIONS):
            operation.start()
            if number < errors:
                operation.fail(seconds, "out_of_stock" if number % 2 else "timeout")
            else:
                operation.finish(seconds)
    recorder.operation(*STORE, "get_order").start()
    recorder.publish(
        "probes",
        STORE,
        [
            Sample(health.UP, 1),
            Sample(health.TLS_EXPIRY, 1.9e9),
            Sample(health.PROBE_PHASE, 0.25, {"probe": "api", "phase": "connect"}),
            Sample(business.REVENUE, 1234.5, {"currency": "EUR"}),
            Sample(business.ORDERS, 42, {"status": "completed"}),
            Sample(business.ORDERS_CURRENT, 3, {"status": "processing"}),
        ],
    )
    recorder.observe(health.PROBE_DURATION, (*STORE, "api"), 0.3)
    return recorder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """VictoriaMetrics after it scraped a recorder as "scraped" and got it pushed as "pushed"."""
    recorder = recorded()
    target = serve_metrics(0, source=recorder)
    folder = tmp_path_factory.mktemp("victoria-metrics")
    (folder / "scrape.yml").write_text(
        f"""
        scrape_configs:
          - job_name: scraped
            scrape_interval: 1s
            static_configs: [{{targets: ["127.0.0.1:{target.port}"]}}]
        """,
        encoding="utf-8",
    )
    flags = (
        f"-promscrape.config={folder / 'scrape.yml'}",
        "-opentelemetry.usePrometheusNaming",
        "-search.latencyOffset=0s",
    )
    with victoria_metrics(folder, *flags) as server, pytest.MonkeyPatch.context() as environ:
        metrics = "OTEL_EXPORTER_OTLP_METRICS_"
        environ.setenv(f"{metrics}ENDPOINT", f"{server.url}/opentelemetry/v1/metrics")
        push(recorder, "pushed")
        environ.setenv(f"{metrics}DEFAULT_HISTOGRAM_AGGREGATION", EXPONENTIAL)
        push(recorder, "exponential")
        environ.undo()
        # VictoriaMetrics remembers for seconds that there was nothing, so nothing is asked before,
        # and it answers as of the last full second.
        eventually(lambda: scraped_rows(server), lambda rows: rows > 50)
        for route in ("scraped", "pushed", "exponential"):
            eventually(partial(ask, server, "{SELECTOR}", route))
        yield server
    target.close()


def scraped_rows(server: Server) -> int:
    """How many samples have come in by scraping."""
    metrics = server.get("/metrics").decode()
    found = re.search(r'^vm_rows_inserted_total{type="promscrape"} (\d+)', metrics, re.MULTILINE)
    return int(found.group(1)) if found else 0


def push(recorder: Recorder, service: str) -> None:
    pusher = start_otlp(recorder, interval=3600, resource={"service.name": service})
    assert pusher.flush(20)
    pusher.shutdown()


def names(server: Server, route: str) -> set[str]:
    """The names of the metrics about stores that came that way."""
    server.get("/internal/force_flush")
    found = server.json("/api/v1/series", **{"match[]": f'{{__name__=~"store_.+",{by(route)}}}'})
    every = {series["__name__"] for series in found["data"]}
    return {name for name in every if not name.startswith("store_exporter_")}


def by(route: str) -> str:
    """The matcher for what came that way."""
    return 'job="scraped"' if route == "scraped" else f'service_name="{route}"'


def ask(server: Server, promql: str, route: str) -> Series:
    """Answer a query, in which `SELECTOR` stands for the way that the figures came."""
    server.get("/internal/force_flush")
    found = server.query(promql.replace("SELECTOR", by(route)))
    return {tuple(sorted(labels.items())): value for labels, value in found}


@pytest.mark.real
def test_both_ways_bring_the_same_names(server: Server) -> None:
    found = names(server, "scraped")
    assert "store_operation_duration_seconds_bucket" in found
    assert "store_tls_certificate_expiry_timestamp_seconds" in found
    assert names(server, "pushed") == found
    assert names(server, "exponential") == found


QUESTIONS = """
sum by (org, domain, platform, operation) (store_operations_total{SELECTOR})
sum by (org, operation, error_type, fault) (store_operation_errors_total{SELECTOR})
sum by (org) (store_operation_errors_total{SELECTOR,fault!="customer"})
sum by (operation) (store_operation_duration_seconds_sum{SELECTOR})
sum by (operation) (store_operation_duration_seconds_count{SELECTOR})
histogram_quantile(0.9, sum by (le, operation) (store_operation_duration_seconds_bucket{SELECTOR}))
sum by (operation) (store_operations_in_progress{SELECTOR})
sum by (org, domain, probe, phase) (store_probe_phase_seconds{SELECTOR})
histogram_quantile(0.5, sum by (le, probe) (store_probe_duration_seconds_bucket{SELECTOR}))
min by (org, domain, platform) (store_up{SELECTOR})
sum by (org, currency) (store_revenue_total{SELECTOR})
sum by (org, status) (store_orders_total{SELECTOR})
sum by (org, status) (store_orders_current{SELECTOR})
sum by (domain) (store_tls_certificate_expiry_timestamp_seconds{SELECTOR})
"""


@pytest.mark.real
@pytest.mark.parametrize("promql", QUESTIONS.strip().splitlines())
def test_both_ways_give_the_same_figures(server: Server, promql: str) -> None:
    scraped = ask(server, promql, "scraped")
    assert scraped
    assert ask(server, promql, "pushed") == pytest.approx(scraped)


@pytest.mark.real
def test_exponential_quantiles_are_exact_within_the_resolution(server: Server) -> None:
    ordered = sorted(DURATIONS)
    for quantile in (0.5, 0.9, 0.99):
        [found] = ask(
            server,
            f"histogram_quantile({quantile}, sum by (vmrange)"
            ' (store_operation_duration_seconds_bucket{SELECTOR,operation="add_to_cart"}))',
            "exponential",
        ).values()
        exact = ordered[int(quantile * len(ordered))]
        assert found == pytest.approx(exact, rel=2 ** (1 / 8) - 1)
