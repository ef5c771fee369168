"""Both text formats are what prometheus_client's parsers and promtool read, whatever the values."""

from __future__ import annotations

import math
import subprocess
from decimal import Decimal

import pytest
from hypothesis import given
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as ClientMetric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from store_exporter.metrics.catalogue import Kind, exporter, operations
from store_exporter.metrics.exposition import render_openmetrics, render_text
from store_exporter.metrics.families import Count, Exemplar, Family, HistogramValue
from tests.metrics.exposition import examples
from tests.servers import tool

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(families: list[ClientMetric]) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def expected(family: Family) -> Samples:
    """The samples of a family, spelled out."""
    name = family.metric.name
    found: Samples = {}
    for values, value in family.series:
        labels = dict(zip(family.metric.labels, values, strict=True))
        if not isinstance(value, HistogramValue):
            found[name, frozenset(labels.items())] = float(value)
            continue
        for index, bound in enumerate((*family.metric.buckets, math.inf)):
            le = "+Inf" if bound == math.inf else str(bound)
            key = frozenset({**labels, "le": le}.items())
            found[f"{name}_bucket", key] = float(sum(value.counts[: index + 1]))
        found[f"{name}_sum", frozenset(labels.items())] = value.sum
        found[f"{name}_count", frozenset(labels.items())] = float(sum(value.counts))
    return found


def text(*families: Family) -> str:
    return b"".join(render_text(families)).decode()


def openmetrics(*families: Family) -> str:
    return b"".join(render_openmetrics(families)).decode()


@given(examples.families())
def test_any_series_comes_back_from_the_text_format(family: Family) -> None:
    found = samples(list(parse_text(text(family))))
    assert found == pytest.approx(expected(family), nan_ok=True, rel=0, abs=0)


@given(examples.families())
def test_any_series_comes_back_from_openmetrics(family: Family) -> None:
    # OpenMetrics' own rules forbid what a correct recorder never holds: NaN or falling counters.
    if family.metric.kind is Kind.COUNTER:
        family.series = [(k, v) for k, v in family.series if isinstance(v, float | int) and v >= 0]
    found = samples(list(parse_openmetrics(openmetrics(family))))
    assert found == pytest.approx(expected(family), nan_ok=True, rel=0, abs=0)


def test_text_equals_what_prometheus_client_writes() -> None:
    registry = CollectorRegistry()
    metric = operations.OPERATION_DURATION
    peer = Histogram(
        metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
    )
    observations = [0.004, 0.005, 0.0051, 3.5, 100.0]
    for value in observations:
        peer.labels(*examples.OPERATION).observe(value)
    ours = Family(metric, [(examples.OPERATION, examples.histogram(observations))])
    theirs = generate_latest(registry).decode()
    assert samples(list(parse_text(text(ours)))) == {
        key: value
        for key, value in samples(list(parse_text(theirs))).items()
        if not key[0].endswith("_created")
    }


def test_openmetrics_equals_what_prometheus_client_writes() -> None:
    registry = CollectorRegistry()
    metric = operations.OPERATION_DURATION
    peer = Histogram(
        metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets
    )
    peer.labels(*examples.OPERATION).observe(0.25)
    ours = Family(metric, [(examples.OPERATION, examples.histogram([0.25]))])
    theirs = samples(list(parse_openmetrics(generate_openmetrics(registry).decode())))
    assert samples(list(parse_openmetrics(openmetrics(ours)))) == {
        key: value for key, value in theirs.items() if not key[0].endswith("_created")
    }


def test_openmetrics_declares_types_units_and_the_end() -> None:
    lines = openmetrics(*examples.one_of_each()).splitlines()
    assert "# TYPE store_operations counter" in lines
    assert "# TYPE store info" in lines
    assert "# UNIT store_operation_duration_seconds seconds" in lines
    assert [line for line in lines if line.startswith("# UNIT")] == [
        "# UNIT store_operation_duration_seconds seconds"
    ]
    assert lines[-1] == "# EOF"


def test_openmetrics_carries_the_exemplars_of_a_counter_and_of_a_bucket() -> None:
    families = list(parse_openmetrics(openmetrics(*examples.one_of_each())))
    found = [
        (sample.name, sample.labels.get("le"), sample.exemplar)
        for family in families
        for sample in family.samples
        if sample.exemplar
    ]
    assert [one[:2] for one in found] == [
        ("store_operations_total", None),
        ("store_operation_duration_seconds_bucket", "0.5"),
    ]
    for _, _, exemplar in found:
        assert exemplar.labels == {
            "trace_id": examples.EXEMPLAR.trace_id,
            "span_id": examples.EXEMPLAR.span_id,
        }
        assert exemplar.value == examples.EXEMPLAR.value
        assert float(exemplar.timestamp) == examples.EXEMPLAR.timestamp


@pytest.mark.parametrize("trace_id", ["x" * 200, 'a"b', "a\\b", "a\nb", "\0"])
def test_an_odd_exemplar_never_spoils_the_scrape(trace_id: str) -> None:
    value = examples.histogram([0.1], exemplars={4: Exemplar(trace_id, "1", 0.1, 1.0)})
    count = Count(2, Exemplar(trace_id, "1", 0.1, 1.0))
    for family in (
        Family(operations.OPERATION_DURATION, [(examples.OPERATION, value)]),
        Family(operations.OPERATIONS, [(examples.OPERATION, count)]),
    ):
        assert samples(list(parse_openmetrics(openmetrics(family)))) == expected(family)


def test_the_text_format_has_no_exemplars() -> None:
    assert examples.EXEMPLAR.trace_id not in text(*examples.one_of_each())


@pytest.mark.parametrize("render", [text, openmetrics])
def test_what_utf8_cannot_hold_becomes_a_question_mark(render: object) -> None:
    family = Family(operations.OPERATIONS, [(("\ud800", "", "", ""), 1)])
    assert callable(render)
    assert 'org="?",domain="",' in render(family)


def test_a_histogram_without_labels_is_rendered() -> None:
    value = examples.histogram([0.3, 70.0], metric=exporter.SCHEDULER_LAG)
    family = Family(exporter.SCHEDULER_LAG, [((), value)])
    assert samples(list(parse_text(text(family)))) == expected(family)
    assert samples(list(parse_openmetrics(openmetrics(family)))) == expected(family)


def test_a_family_without_series_is_left_out() -> None:
    assert text(Family(operations.OPERATIONS, [])) == ""
    assert openmetrics(Family(operations.OPERATIONS, [])) == "# EOF\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1e22, "1e+22"),
        (True, "1"),
        (Decimal("1.5"), "1.5"),
        (-0.0, "-0"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_written_as_go_reads_them(value: float, written: str) -> None:
    assert text(Family(operations.OPERATIONS, [(("a",) * 4, value)])).endswith(f"}} {written}\n")


def test_a_long_exposition_comes_in_small_pieces() -> None:
    value = examples.histogram([0.1])
    series = [((f"org-{n}", *examples.OPERATION[1:]), value) for n in range(100)]
    pieces = list(render_text([Family(operations.OPERATION_DURATION, series)]))
    assert len(pieces) > 4
    assert max(map(len, pieces)) < 1 << 16


@pytest.mark.real
def test_promtool_finds_nothing_to_say_about_the_metrics() -> None:
    families = [family for family in examples.one_of_each() if family.metric.labels]
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=text(*families),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
