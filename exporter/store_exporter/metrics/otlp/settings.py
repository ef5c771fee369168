"""Settings for pushing metrics, from the standard OTEL_ variables.

The official exporter itself reads the endpoint, headers, certificates, timeout and compression. An
invalid value is logged and replaced by its default, as OpenTelemetry's specification of environment
variables demands: a typing error must not stop an application.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_logger = logging.getLogger(__name__)

PROTOCOLS = ("http/protobuf", "grpc")
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to push.

    Attributes:
        disabled: nothing is pushed (`OTEL_SDK_DISABLED`, or `OTEL_METRICS_EXPORTER` is `none`).
        protocol: `http/protobuf` or `grpc`.
        interval: seconds between pushes (`OTEL_METRIC_EXPORT_INTERVAL`, which is in ms).
        timeout: seconds that one push may take (`OTEL_METRIC_EXPORT_TIMEOUT`, in ms).
        delta: counters and histograms are sent as their increase since the last acknowledged
            push instead of since the start.
        exponential: histograms are sent with exponential instead of explicit buckets.
    """

    disabled: bool = False
    protocol: str = PROTOCOLS[0]
    interval: float = 60.0
    timeout: float = 30.0
    delta: bool = False
    exponential: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the standard variables."""
        values = {name: value.strip() for name, value in environ.items() if value.strip()}
        metrics = "OTEL_EXPORTER_OTLP_METRICS_"
        temporality = _choice(
            values, f"{metrics}TEMPORALITY_PREFERENCE", ("cumulative", "delta", "lowmemory")
        )
        aggregation = _choice(
            values,
            f"{metrics}DEFAULT_HISTOGRAM_AGGREGATION",
            ("explicit_bucket_histogram", "base2_exponential_bucket_histogram"),
        )
        specific = f"{metrics}PROTOCOL"
        general = "OTEL_EXPORTER_OTLP_PROTOCOL"
        return cls(
            disabled=values.get("OTEL_SDK_DISABLED", "").lower() == "true"
            or values.get("OTEL_METRICS_EXPORTER", "").lower() == "none",
            protocol=_choice(values, specific if specific in values else general, PROTOCOLS),
            interval=_seconds(values, "OTEL_METRIC_EXPORT_INTERVAL", 60.0),
            timeout=_seconds(values, "OTEL_METRIC_EXPORT_TIMEOUT", 30.0),
            # Low memory means delta for whatever is counted by calls, as everything here is.
            delta=temporality != "cumulative",
            exponential=aggregation == "base2_exponential_bucket_histogram",
        )


def _choice(values: Mapping[str, str], name: str, choices: Collection[str]) -> str:
    default = next(iter(choices))
    value = values.get(name, default).lower()
    if value in choices:
        return value
    _logger.warning("%s is %r, not one of %s; taking %s", name, value, list(choices), default)
    return default


def _seconds(values: Mapping[str, str], name: str, default: float) -> float:
    try:
        seconds = float(values[name]) / 1000 if name in values else default
    except ValueError:
        seconds = math.nan
    if 0 < seconds < math.inf:
        return seconds
    _logger.warning("%s is not a positive number of milliseconds; taking %g", name, default * 1000)
    return default
