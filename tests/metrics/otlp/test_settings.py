"""The standard variables decide, and nonsense in them is said and passed over."""

from __future__ import annotations

import logging

import pytest

from store_exporter.metrics.otlp import Settings

METRICS = "OTEL_EXPORTER_OTLP_METRICS_"


def test_without_variables_openTelemetrys_defaults_hold() -> None:  # noqa: N802
    assert Settings.from_environment({}) == Settings(
        disabled=False,
        protocol="http/protobuf",
        interval=60.0,
        timeout=30.0,
        delta=False,
        exponential=False,
    )


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"OTEL_SDK_DISABLED": "true"}, Settings(disabled=True)),
        ({"OTEL_SDK_DISABLED": "TRUE "}, Settings(disabled=True)),
        ({"OTEL_SDK_DISABLED": "1"}, Settings()),
        ({"OTEL_METRICS_EXPORTER": "none"}, Settings(disabled=True)),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, Settings()),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, Settings(protocol="grpc")),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", f"{METRICS}PROTOCOL": "http/protobuf"},
            Settings(protocol="http/protobuf"),
        ),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "1500"}, Settings(interval=1.5)),
        ({"OTEL_METRIC_EXPORT_TIMEOUT": "2500"}, Settings(timeout=2.5)),
        ({f"{METRICS}TEMPORALITY_PREFERENCE": "Delta"}, Settings(delta=True)),
        ({f"{METRICS}TEMPORALITY_PREFERENCE": "lowmemory"}, Settings(delta=True)),
        ({f"{METRICS}TEMPORALITY_PREFERENCE": "cumulative"}, Settings()),
        (
            {f"{METRICS}DEFAULT_HISTOGRAM_AGGREGATION": "base2_exponential_bucket_histogram"},
            Settings(exponential=True),
        ),
        ({"OTEL_METRIC_EXPORT_INTERVAL": " ", f"{METRICS}PROTOCOL": ""}, Settings()),
    ],
)
def test_each_variable_is_heeded(environ: dict[str, str], expected: Settings) -> None:
    assert Settings.from_environment(environ) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_METRIC_EXPORT_INTERVAL", "often"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "inf"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        (f"{METRICS}TEMPORALITY_PREFERENCE", "sideways"),
        (f"{METRICS}DEFAULT_HISTOGRAM_AGGREGATION", "pie"),
    ],
)
def test_a_value_without_sense_is_logged_and_its_default_taken(
    name: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert Settings.from_environment({name: value}) == Settings()
    assert name in caplog.text
