"""The spans of operations, if the application has set a tracer provider.

Tracing raises nothing of its own; an exception of a signal handler passes to the application.

A ticket that is not None is the tracer, so an operation without spans costs one comparison. The
span is active while the operation runs and while it is recorded, so that exemplars and recent
calls lead to it. It has no exception message, because a message may contain anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..errors import ERROR_TYPES, Fault
from ..metrics.handle import OperationHandle
from ..metrics.signals import comes_from_outside
from .outcome import NO_ROOM, Failure, record_exception, record_result

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

_FAILED = (Fault.STORE, Fault.CONFIG, Fault.APP)
"""Faults that make a span an error. A refusal does not, nor does a caller who went away."""


class OperationSpan:
    """The span of one operation, active from its creation.

    Args:
        tracer: opens the span.
        handle: gives the labels, and counts errors of tracing.
    """

    __slots__ = ("_handle", "_span", "_token")

    def __init__(self, tracer: Tracer, handle: OperationHandle) -> None:
        self._handle = handle
        self._span: Any = None
        self._token: Token[Context] | None = None
        org, domain, platform, operation = handle.labels
        try:
            self._span = tracer.start_span(
                operation,
                attributes={
                    "org": org,
                    "domain": domain,
                    "platform": platform,
                    "operation": operation,
                },
                record_exception=False,
            )
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            handle.broke("span", error)
        try:
            self.resume()
        except BaseException:
            self.end("cancelled")
            raise

    def resume(self) -> None:
        """Make this span active."""
        if self._span is None:
            return
        try:
            from opentelemetry import context, trace

            self._token = context.attach(trace.set_span_in_context(self._span))
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            self._handle.broke("span", error)

    def suspend(self) -> None:
        """Restore the span that was active before, if this one is still active.

        It is not active in another context, where some frameworks leave blocks and generators.
        """
        token, self._token = self._token, None
        if token is None:
            return
        try:
            from opentelemetry import context, trace

            if trace.get_current_span() is self._span:
                context.detach(token)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            self._handle.broke("span", error)

    def end(self, error_type: str | None) -> None:
        """End the span with the operation's error type; None means success."""
        self.suspend()
        span, self._span = self._span, None
        if span is None:
            return
        try:
            if error_type is not None:
                from opentelemetry.trace import StatusCode

                fault = ERROR_TYPES[error_type].fault
                span.set_attributes({"error.type": error_type, "fault": str(fault)})
                if fault in _FAILED:
                    span.set_status(StatusCode.ERROR)
            span.end()
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Tracing must not fail the operation.
            self._handle.broke("span", error)


def called(
    handle: OperationHandle,
    tracer: Tracer,
    start: float,
    failure: Failure | None,
    function: Callable[[], Any],
) -> Any:
    """Call the function of a started operation inside a span."""
    span: OperationSpan | None = None
    try:
        span = OperationSpan(tracer, handle)
        result = function()
        seconds = perf_counter() - start
    except BaseException as error:
        _raised(handle, span, perf_counter() - start, error)
        raise
    _returned(handle, span, seconds, failure, result)
    return result


async def awaited(
    handle: OperationHandle,
    tracer: Tracer,
    start: float,
    failure: Failure | None,
    function: Callable[[], Awaitable[Any]],
) -> Any:
    """Await a coroutine function, as `called` calls a plain one."""
    span: OperationSpan | None = None
    try:
        span = OperationSpan(tracer, handle)
        result = await function()
        seconds = perf_counter() - start
    except BaseException as error:
        _raised(handle, span, perf_counter() - start, error)
        raise
    _returned(handle, span, seconds, failure, result)
    return result


def _raised(
    handle: OperationHandle, span: OperationSpan | None, seconds: float, error: BaseException
) -> None:
    error_type = "exception"
    try:
        error_type = record_exception(handle, seconds, error)
    except RecursionError:
        handle.durations += NO_ROOM
    if span is not None:
        _ended(span, error_type)


def _returned(
    handle: OperationHandle,
    span: OperationSpan,
    seconds: float,
    failure: Failure | None,
    result: object,
) -> None:
    error_type = None
    if failure is None:
        handle.finish(seconds)
    else:
        error_type = record_result(handle, seconds, failure, result)
    _ended(span, error_type)


def _ended(span: OperationSpan, error_type: str | None) -> None:
    # The operation is already counted, even if the stack has no room to end its span.
    with suppress(RecursionError):
        span.end(error_type)
