"""`track` on generators, plain and asynchronous.

The operation runs from the first requested item until the generator ends. Its duration is the time
spent inside the generator, without the consumer's time between two items. A consumer that stops
early has what it needs, so closing a generator is a success.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from functools import wraps
from time import perf_counter
from typing import Any

from ..metrics.handle import OperationHandle
from .outcome import NO_ROOM, TICKET, Failure, record_exception, record_result
from .spans import OperationSpan
from .wrappers import Find, Function


class Iteration:
    """The run of a generator, timed without the work of its consumer.

    Attributes:
        handle: counts the run.
        seconds: time spent in the generator until its clock was last stopped.
        since: when its clock was last started.
        span: active while the generator runs; None if there is no span.
    """

    # No `__init__`, which would take longer than reading the clock: `_begin` sets each attribute.
    __slots__ = ("handle", "seconds", "since", "span")

    handle: OperationHandle
    seconds: float
    since: float
    span: OperationSpan | None

    def returned(self, failure: Failure | None, result: object) -> None:
        """Count the run as finished; the clock must be running."""
        handle, span = self.handle, self.span
        try:
            seconds = self.seconds + perf_counter() - self.since
        except BaseException:
            # A signal handler raised, or the stack is exhausted; the run has ended nevertheless.
            handle.durations += (self.seconds,)
            raise
        if failure is None and span is None:
            handle.durations.append(seconds)
            if seconds > handle.notable:
                handle.remark(seconds)
            return
        error_type = None
        if failure is None:
            handle.finish(seconds)
        else:
            error_type = record_result(handle, seconds, failure, result)
        if span is not None:
            span.end(error_type)

    def raised(self, error: BaseException) -> None:
        """Count the run as failed; the clock must be running."""
        error_type = "exception"
        try:
            seconds = self.seconds + perf_counter() - self.since
            error_type = record_exception(self.handle, seconds, error)
        except RecursionError:
            self.handle.durations += NO_ROOM
        if self.span is not None:
            self.span.end(error_type)


class AsyncIteration(Iteration):
    """The run of an asynchronous generator; if it is collected without an end, it was cancelled."""

    __slots__ = ("is_open",)

    is_open: bool

    def __del__(self) -> None:
        # The attribute is missing if a signal handler raised before the run began.
        if getattr(self, "is_open", False):
            self.handle.fail(self.seconds, "cancelled")
            if self.span is not None:
                self.span.end("cancelled")


def _begin(run: Iteration, handle: OperationHandle) -> None:
    run.handle = handle
    run.seconds, run.span = 0.0, None
    while True:
        try:
            tracer = handle.tickets.pop()
            if tracer is not None:
                run.span = OperationSpan(tracer, handle)
            run.since = perf_counter()
            break
        except IndexError:
            handle.admit()
        except BaseException:
            handle.tickets += TICKET
            raise


def wrap_generator(
    function: Function, fixed: OperationHandle | None, find: Find, failure: Failure | None
) -> Function:
    """Wrap a generator function.

    Args:
        function: the application's.
        fixed: the handle of every run; None if `find` determines it.
        find: finds the handle of a run.
        failure: determines whether the generator's result is a failure.
    """

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        run = Iteration()
        _begin(run, find(args, kwargs) if fixed is None else fixed)
        try:
            generator = function(*args, **kwargs) if kwargs else function(*args)
            send = step = generator.send
            sent = None
            while True:
                item = step(sent)
                run.seconds += perf_counter() - run.since
                if run.span is not None:
                    run.span.suspend()
                try:
                    sent = yield item
                    step = send
                except BaseException as error:  # noqa: BLE001 - the generator is to see it
                    # Raised again, `sent` would keep itself alive; so it is cleared below.
                    step, sent = generator.throw, error
                if run.span is not None:
                    run.span.resume()
                run.since = perf_counter()
        except StopIteration as stop:
            run.returned(failure, stop.value)
            return stop.value
        except GeneratorExit:
            run.returned(None, None)
            sent = None
            raise
        except BaseException as error:
            run.raised(error)
            sent = None
            raise

    return wrapper


def wrap_async_generator(
    function: Function, fixed: OperationHandle | None, find: Find, failure: Failure | None
) -> Function:
    """Wrap an asynchronous generator function, as `wrap_generator` does a plain one."""

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        run = AsyncIteration()
        _begin(run, find(args, kwargs) if fixed is None else fixed)
        run.is_open = True
        try:
            generator = function(*args, **kwargs) if kwargs else function(*args)
            send = step = generator.asend
            sent = None
            while True:
                item = await step(sent)
                run.seconds += perf_counter() - run.since
                if run.span is not None:
                    run.span.suspend()
                try:
                    sent = yield item
                    step = send
                except BaseException as error:  # noqa: BLE001 - the generator is to see it
                    step, sent = generator.athrow, error
                if run.span is not None:
                    run.span.resume()
                run.since = perf_counter()
        except StopAsyncIteration:
            run.is_open = False
            run.returned(failure, None)
        except GeneratorExit:
            run.is_open = False
            run.returned(None, None)
            sent = None
            raise
        except BaseException as error:
            run.is_open = False
            run.raised(error)
            sent = None
            raise

    return wrapper
