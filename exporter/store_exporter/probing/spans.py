"""The span of one run of a probe or collector, if `serve` traces its runs.

It is active until the run is recorded, so that its requests are child spans, and its log line and
its recent call contain its trace id.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from ..metrics import tracing
from .jobs import Job
from .results.result import Result

if TYPE_CHECKING:
    from opentelemetry.trace import Span


def run_span(job: Job) -> AbstractContextManager[Span | None]:
    """Open the span of a run; None without tracing."""
    tracer = tracing.tracer()
    if tracer is None:
        return nullcontext()
    org, domain, platform = job.store.labels
    return tracer.start_as_current_span(
        f"{job.kind} {job.name}",
        attributes={"org": org, "domain": domain, "platform": platform, job.kind: job.name},
        record_exception=False,
        set_status_on_exception=False,
    )


def annotate(span: Span, result: Result) -> None:
    """Record a run's result in its span, without the message, which may contain anything."""
    if result.error_type is None:
        return
    from opentelemetry.trace import StatusCode

    span.set_attributes({"error.type": result.error_type, "fault": str(result.fault)})
    span.set_status(StatusCode.ERROR)
