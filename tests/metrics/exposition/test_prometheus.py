"""A real Prometheus scrapes each format and answers with the figures that were recorded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.exposition import render
from store_exporter.metrics.families import Count, Exemplar, Family
from tests.fakes.handlers import Handler, handling
from tests.metrics.exposition import examples
from tests.servers import Server, eventually, prometheus

ODD = 'quotes " backslash \\ line\nfeed é 日本 \x01'
_RANDOM = random.Random(7)
ERRORS = Count(3, Exemplar("c" * 32, "d" * 16, 1.0, examples.EXEMPLAR.timestamp))
OBSERVATIONS = [_RANDOM.lognormvariate(-1.5, 0.8) for _ in range(5000)]


@dataclass
class Target:
    """A page of metrics and the formats that were asked of it."""

    families: list[Family]
    served: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(families: list[Family]) -> Iterator[Target]:
    target = Target(families)

    class Page(Handler):
        def respond(self) -> None:
            accept, encoding = self.headers["Accept"], self.headers["Accept-Encoding"]
            response = render(target.families, accept, encoding)
            self.answer(body=response.body, headers=response.headers)
            sent = response.headers
            target.served.append((sent["Content-Type"], sent.get("Content-Encoding", "")))

    with handling(Page) as address:
        target.address = address.removeprefix("http://")
        yield target


def families() -> list[Family]:
    value = examples.histogram(OBSERVATIONS, exemplars={6: examples.EXEMPLAR})
    return [
        *(one for one in examples.one_of_each() if one.metric is not operations.OPERATION_DURATION),
        Family(operations.OPERATION_DURATION, [(examples.OPERATION, value)], examples.CREATED),
        Family(
            operations.OPERATION_ERRORS, [((ODD, *examples.OPERATION[1:], "dns", "store"), ERRORS)]
        ),
    ]


PROTOCOLS = {
    "PrometheusText0.0.4": "text/plain; version=0.0.4",
    "PrometheusText1.0.0": "text/plain; version=1.0.0",
    "OpenMetricsText0.0.1": "application/openmetrics-text; version=0.0.1",
    "OpenMetricsText1.0.0": "application/openmetrics-text; version=1.0.0",
    "PrometheusProto": "application/vnd.google.protobuf",
}
NAME = operations.OPERATION_DURATION.name


def job(name: str, protocol: str, address: str, *, classic: bool) -> str:
    return f"""
          - job_name: {name}
            scrape_interval: 500ms
            scrape_protocols: [{protocol}]
            always_scrape_classic_histograms: {str(classic).lower()}
            static_configs: [{{targets: [{address!r}]}}]
    """


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with serving(families()) as target:
        yield target


@pytest.fixture(scope="module")
def server(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prometheus that scrapes the target once per format, and natively only as job "native"."""
    jobs = [job(name, name, target.address, classic=True) for name in PROTOCOLS]
    jobs.append(job("native", "PrometheusProto", target.address, classic=False))
    config = "scrape_configs:\n" + "".join(jobs)
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(config, folder, "--enable-feature=exemplar-storage") as server:
        eventually(lambda: len(server.query("store_up")), lambda found: found == len(jobs))
        yield server


def one(server: Server, promql: str) -> float:
    [(_, value)] = server.query(promql)
    assert isinstance(value, float)
    return value


@pytest.mark.real
def test_every_format_is_served_compressed(target: Target, server: Server) -> None:
    assert all(value == 1 for _, value in server.query("up"))
    served = set(target.served)
    for content_type in PROTOCOLS.values():
        assert any(name.startswith(content_type) for name, _ in served)
    assert {encoding for _, encoding in served} == {"gzip"}


@pytest.mark.real
@pytest.mark.parametrize("job", PROTOCOLS)
def test_prometheus_reads_every_format(server: Server, job: str) -> None:
    assert one(server, f'store_operations_total{{job="{job}",operation="add_to_cart"}}') == 7
    assert one(server, f'store_info{{job="{job}",order_storage="hpos"}}') == 1
    assert one(server, f'store_example{{job="{job}"}}') == -0.5
    [(labels, errors)] = server.query(f'store_operation_errors_total{{job="{job}"}}')
    assert (labels["org"], errors) == (ODD, 3)
    assert one(server, f'{NAME}_bucket{{job="{job}",le="+Inf"}}') == len(OBSERVATIONS)
    below = sum(value <= 0.25 for value in OBSERVATIONS)
    assert one(server, f'{NAME}_bucket{{job="{job}",le="0.25"}}') == below
    assert one(server, f'{NAME}_sum{{job="{job}"}}') == pytest.approx(sum(OBSERVATIONS))


@pytest.mark.real
@pytest.mark.parametrize("job", PROTOCOLS)
def test_exemplars_travel_where_the_format_has_them(server: Server, job: str) -> None:
    found = server.json(
        "/api/v1/query_exemplars", query=f'{NAME}_bucket{{job="{job}"}}', start="0", end="4e9"
    )["data"]
    ids = {exemplar["labels"]["trace_id"] for series in found for exemplar in series["exemplars"]}
    assert ids == (set() if "Text" in job and "Open" not in job else {examples.EXEMPLAR.trace_id})


@pytest.mark.real
@pytest.mark.parametrize("job", PROTOCOLS)
def test_errors_have_the_trace_of_a_failure(server: Server, job: str) -> None:
    found = server.json(
        "/api/v1/query_exemplars",
        query=f'store_operation_errors_total{{job="{job}"}}',
        start="0",
        end="4e9",
    )["data"]
    ids = [exemplar["labels"] for series in found for exemplar in series["exemplars"]]
    expected = [{"trace_id": "c" * 32, "span_id": "d" * 16}]
    assert ids == ([] if "Text" in job and "Open" not in job else expected)


@pytest.mark.real
def test_native_quantiles_are_exact_within_the_resolution(server: Server) -> None:
    native = f'{NAME}{{job="native"}}'
    assert one(server, f"histogram_count({native})") == len(OBSERVATIONS)
    assert one(server, f"histogram_sum({native})") == pytest.approx(sum(OBSERVATIONS))
    ordered = sorted(OBSERVATIONS)
    for quantile in (0.01, 0.5, 0.9, 0.99, 0.999):
        exact = ordered[int(quantile * len(ordered))]
        found = one(server, f"histogram_quantile({quantile}, {native})")
        # Schema 3 has a bucket for each factor of 2**(1/8), and a bucket is all that is known.
        assert found == pytest.approx(exact, rel=2 ** (1 / 8) - 1)
    assert server.query(f'{NAME}_bucket{{job="native"}}') == []


@pytest.mark.real
def test_prometheus_keeps_the_metadata(server: Server) -> None:
    found = server.json("/api/v1/targets/metadata", match_target='{job="PrometheusProto"}')["data"]
    metadata = {entry["metric"]: (entry["type"], entry["unit"]) for entry in found}
    assert metadata["store_operation_duration_seconds"] == ("histogram", "seconds")
    assert metadata["store_operations_total"] == ("counter", "")
