"""A real receiver answers the same questions alike, whether it scraped or was pushed to."""

from __future__ import annotations

import re
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
from tests.servers import Server, eventually, victoria_metrics


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
            # New series are scraped at zero first.
            eventually(partial(ask, server, "sum(store_operations_total{SELECTOR}) > 0", route))
        yield server
    target.close()


def scraped_rows(server: Server) -> int:
    """How many samples have come in by scraping."""
    metrics = server.get("/metrics").decode()
    found = re.search(r'^vm_rows_inserted_total{type="promscrape"} (\d+)', metrics, re.MULTILINE)
    return int(found.group(1)) if found else 0


def names(server: Server, route: str) -> set[str]:
    """The names of the metrics about stores that came that way."""
    server.flush()
    found = server.json("/api/v1/series", **{"match[]": f'{{__name__=~"store_.+",{by(route)}}}'})
    every = {series["__name__"] for series in found["data"]}
    return {name for name in every if not name.startswith("store_exporter_")}


def by(route: str) -> str:
    """The matcher for what came that way."""
    return 'job="scraped"' if route == "scraped" else f'service_name="{route}"'


def ask(server: Server, promql: str, route: str) -> Series:
    """Run a query; see `Ask`."""
    server.flush()
    found = server.query(promql.replace("SELECTOR", by(route)))
    return {tuple(sorted(labels.items())): value for labels, value in found}


@pytest.mark.real
def test_both_ways_bring_the_same_names(server: Server) -> None:
    found = names(server, "scraped")
    assert "store_operation_duration_seconds_bucket" in found
    assert "store_tls_certificate_expiry_timestamp_seconds" in found
    assert names(server, "pushed") == found
    assert names(server, "exponential") == found


@pytest.mark.real
@pytest.mark.parametrize("promql", QUESTIONS)
def test_both_ways_give_the_same_figures(server: Server, promql: str) -> None:
    assert_alike(partial(ask, server), promql)


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


@pytest.mark.real
@pytest.mark.parametrize("route", ["scraped", "pushed", "exponential"])
def test_what_there_was_before_the_first_sample_is_an_increase(server: Server, route: str) -> None:
    grown = "sum by (operation) (increase(store_operations_total{SELECTOR}[1h]))"
    assert ask(server, grown, route) == {
        (("operation", "add_to_cart"),): 2000,
        (("operation", "get_order"),): 2000,
    }
    failed = "sum by (operation) (increase(store_operation_errors_total{SELECTOR}[1h]))"
    assert ask(server, failed, route) == {
        (("operation", "add_to_cart"),): 500,
        (("operation", "get_order"),): 20,
    }
