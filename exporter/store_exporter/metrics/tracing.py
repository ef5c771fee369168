"""The active trace, and what opens spans, where the application uses OpenTelemetry.

OpenTelemetry is looked up among the modules that the application has imported. It is never
imported from here, so that it costs nothing where it is not used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .._version import __version__
from .signals import comes_from_outside

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

MODULE = "opentelemetry.trace"
"""In `sys.modules` where the application has imported OpenTelemetry's tracing."""

_made: list[tuple[TracerProvider, Tracer]] = []
"""The tracer that was made last, with its provider: making one takes longer than a span."""


def available() -> bool:
    """Whether the application has imported OpenTelemetry's tracing."""
    return MODULE in sys.modules


def active() -> tuple[str, str] | None:
    """Return trace id and span id, in hexadecimal, of the active span if it is sampled."""
    trace = sys.modules.get(MODULE)
    if trace is None:
        return None
    span = trace.get_current_span()
    if span is trace.INVALID_SPAN:
        return None
    context = span.get_span_context()
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return format(context.trace_id, "032x"), format(context.span_id, "016x")


def ids() -> dict[str, str]:
    """Return `trace_id` and `span_id` of the active span for a line of the log; {} without one."""
    try:
        trace = active()
    except Exception as error:
        if comes_from_outside(error):
            raise
        # The line is more important.
        return {}
    return {"trace_id": trace[0], "span_id": trace[1]} if trace else {}


def tracer() -> Tracer | None:
    """Return what opens spans, where the application has set a tracer provider; None otherwise."""
    trace = sys.modules.get(MODULE)
    if trace is None:
        return None
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    for known, made in _made:
        if known is provider:
            return made
    found: Tracer = provider.get_tracer("store_exporter", __version__)
    _made[:] = [(provider, found)]
    return found
