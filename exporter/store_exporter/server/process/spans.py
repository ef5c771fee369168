"""Spans of the exporter's own runs by OTLP, if the standard variables request them.

OpenTelemetry's SDK reads the variables for endpoint, headers and sampling.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ...metrics.otlp.settings import PROTOCOLS
from .pushing import resource_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger(__name__)

_END_SECONDS = 5.0
"""Seconds that the end of the process waits until the last spans are accepted."""


def is_requested(environ: Mapping[str, str]) -> bool:
    """Return whether the variables name an endpoint for traces, or request OTLP for them."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporters = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporters:
        return "otlp" in map(str.strip, exporters.split(","))
    return bool(environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip())


@asynccontextmanager
async def tracing(name: str) -> AsyncIterator[None]:
    """Send the spans of this process until the block ends, if the variables request it.

    Raises:
        ImportError: the extra `otlp` is not installed.
    """
    if not is_requested(os.environ):
        yield
        return
    provider = _provider(name)
    log.info("sending spans by OTLP")
    try:
        yield
    finally:
        # The end of the process would wait for a thread of the loop's own, however long it takes.
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, _END_SECONDS)
        if ending.is_alive():
            log.warning("the last spans were not accepted in time")


def _provider(name: str) -> TracerProvider:
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create(resource_of(name, os.environ)), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(_exporter()))
    trace.set_tracer_provider(provider)
    return provider


def _exporter() -> Any:
    http, grpc = PROTOCOLS
    named = (os.environ.get(f"OTEL_EXPORTER_OTLP_{part}PROTOCOL") for part in ("TRACES_", ""))
    if next(filter(None, named), http) == grpc:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc

        return Grpc()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http

    return Http()
