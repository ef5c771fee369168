"""The active trace, where the application uses OpenTelemetry; nothing otherwise.

OpenTelemetry is looked up among the modules that the application has imported. It is never
imported from here, so that it costs nothing where it is not used.
"""

from __future__ import annotations

import sys


def available() -> bool:
    """Whether the application has imported OpenTelemetry's tracing."""
    return "opentelemetry.trace" in sys.modules


def active() -> tuple[str, str] | None:
    """Return trace id and span id, in hexadecimal, of the active span if it is sampled."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return format(context.trace_id, "032x"), format(context.span_id, "016x")
