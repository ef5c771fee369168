"""What `track` makes of generators, plain and asynchronous.

The operation runs from the first item asked for until the generator ends. Its duration is the time
spent inside the generator: what the consumer does between two items is not the store's doing. A
consumer that stops early has what it wanted, so closing a generator is a success.
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
    """The run of a generator: its clock stands while the consumer is at work.

    A generator that vanishes without an end, as asynchronous ones may, counts as cancelled.

    Attributes:
        seconds: that the generator worked, up to the last time its clock was stopped.
        since: when its clock was started.
        span: active while the generator works; None where there is none.
    """

    __slots__ = ("_handle", "_open", "seconds", "since", "span")

    def __init__(self, handle: OperationHandle) -> None:
        self._handle = handle
        self.seconds: float = 0.0
        self._open = False
        self.span: OperationSpan | None = None
        while True:
            try:
                tracer = handle.tickets.pop()
                if tracer is not None:
                    self.span = OperationSpan(tracer, handle)
                self.since: float = perf_counter()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        self._open = True

    def returned(self, failure: Failure | None, result: object) -> None:
        """Count the run as finished; the clock must be running."""
        self.seconds += perf_counter() - self.since
        self._open = False
        error_type = None
        if failure is None:
            self._handle.finish(self.seconds)
        else:
            error_type = record_result(self._handle, self.seconds, failure, result)
        if self.span is not None:
            self.span.end(error_type)

    def raised(self, error: BaseException) -> None:
        """Count the run as failed; the clock must be running."""
        self.seconds += perf_counter() - self.since
        self._open = False
        error_type = "exception"
        try:
            error_type = record_exception(self._handle, self.seconds, error)
        except RecursionError:
            self._handle.durations += NO_ROOM
        if self.span is not None:
            self.span.end(error_type)

    def __del__(self) -> None:
        # A signal handler may have raised before `__init__` did anything.
        if getattr(self, "_open", False):
            self._handle.fail(self.seconds, "cancelled")
            if self.span is not None:
                self.span.end("cancelled")

    def resume(self) -> None:
        """Start the clock again."""
        if self.span is not None:
            self.span.resume()
        self.since = perf_counter()


def wrap_generator(function: Function, find: Find, failure: Failure | None) -> Function:
    """Wrap a generator function."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        run = Iteration(find(args, kwargs))
        try:
            generator = function(*args, **kwargs)
            step, given = generator.send, None
            while True:
                item = step(given)
                run.seconds += perf_counter() - run.since
                if run.span is not None:
                    run.span.suspend()
                try:
                    given = yield item
                    step = generator.send
                except GeneratorExit:
                    run.resume()
                    generator.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator is to see it
                    step, given = generator.throw, error
                if run.span is not None:
                    run.span.resume()
                run.since = perf_counter()
        except StopIteration as stop:
            run.returned(failure, stop.value)
            return stop.value
        except GeneratorExit:
            run.returned(None, None)
            raise
        except BaseException as error:
            run.raised(error)
            given = None  # or an error thrown in and raised again would keep itself alive
            raise

    return wrapper


def wrap_async_generator(function: Function, find: Find, failure: Failure | None) -> Function:
    """Wrap an asynchronous generator function, as `wrap_generator` does a plain one."""

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        run = Iteration(find(args, kwargs))
        try:
            generator = function(*args, **kwargs)
            step, given = generator.asend, None
            while True:
                item = await step(given)
                run.seconds += perf_counter() - run.since
                if run.span is not None:
                    run.span.suspend()
                try:
                    given = yield item
                    step = generator.asend
                except GeneratorExit:
                    run.resume()
                    await generator.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - the generator is to see it
                    step, given = generator.athrow, error
                if run.span is not None:
                    run.span.resume()
                run.since = perf_counter()
        except StopAsyncIteration:
            run.returned(failure, None)
        except GeneratorExit:
            run.returned(None, None)
            raise
        except BaseException as error:
            run.raised(error)
            given = None  # or an error thrown in and raised again would keep itself alive
            raise

    return wrapper
