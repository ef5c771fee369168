"""Prometheus' own OTLP receiver answers the same questions as its scraping.

Debian builds Prometheus without that receiver. One that has it is taken from PATH, or built by
`scripts/tools` where Go is; without it these are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from store_exporter.mounts import serve_metrics
from tests.metrics.otlp.figures import (
    DURATIONS,
    EXPONENTIAL,
    QUESTIONS,
    Series,
    assert_alike,
    push,
    recorded,
)
from tests.servers import Server, eventually, prometheus

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Prometheus after it scraped a recorder as "scraped" and got it pushed as "pushed"."""
    recorder = recorded()
    target = serve_metrics(0, source=recorder)
    config = f"""
        scrape_configs:
          - job_name: scraped
            scrape_interval: 1s
            static_configs: [{{targets: ["127.0.0.1:{target.port}"]}}]
    """
    folder = tmp_path_factory.mktemp("prometheus-otlp")
    flags = ("--web.enable-otlp-receiver",)
    with (
        prometheus(config, folder, *flags, program="prometheus-otlp") as server,
        pytest.MonkeyPatch.context() as environ,
    ):
        metrics = "OTEL_EXPORTER_OTLP_METRICS_"
        environ.setenv(f"{metrics}ENDPOINT", f"{server.url}/api/v1/otlp/v1/metrics")
        push(recorder, "pushed")
        environ.setenv(f"{metrics}DEFAULT_HISTOGRAM_AGGREGATION", EXPONENTIAL)
        push(recorder, "exponential")
        environ.undo()
        # New series are scraped at zero first.
        total = "sum(store_operations_total{SELECTOR}) > 0"
        for route in ("scraped", "pushed", "exponential"):
            eventually(partial(ask, server, total, route))
        yield server
    target.close()


def ask(server: Server, promql: str, route: str) -> Series:
    """Run a query; see `Ask`."""
    found = server.query(promql.replace("SELECTOR", f'job="{route}"'))
    return {tuple(sorted(labels.items())): value for labels, value in found}


@pytest.mark.parametrize("promql", QUESTIONS)
def test_both_ways_give_the_same_figures(server: Server, promql: str) -> None:
    assert_alike(partial(ask, server), promql)


def test_exponential_histograms_arrive_as_native_ones(server: Server) -> None:
    ordered = sorted(DURATIONS)
    for quantile in (0.5, 0.9, 0.99):
        selector = '{SELECTOR,operation="add_to_cart"}'
        question = f"histogram_quantile({quantile}, store_operation_duration_seconds{selector})"
        [found] = ask(server, question, "exponential").values()
        exact = ordered[int(quantile * len(ordered))]
        assert found == pytest.approx(exact, rel=2 ** (1 / 8) - 1)


@pytest.mark.parametrize("route", ["scraped", "pushed", "exponential"])
def test_what_there_was_before_the_first_sample_is_an_increase(server: Server, route: str) -> None:
    where = f'{{job="{route}"}}'
    assert server.growth(f"store_operations_total{where}", "operation") == {
        ("add_to_cart",): 2000,
        ("get_order",): 2000,
    }
    assert server.growth(f"store_operation_errors_total{where}", "operation", "fault") == {
        ("add_to_cart", "customer"): 250,
        ("add_to_cart", "store"): 250,
        ("get_order", "customer"): 10,
        ("get_order", "store"): 10,
    }
