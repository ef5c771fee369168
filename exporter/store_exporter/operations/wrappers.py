"""The wrappers that `track` puts around functions and coroutine functions.

They cost two clock readings, one list pop and one list append more than a bare call; see
docs/architecture/recorder.md. Without keywords, `function(*args)` saves two dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from time import perf_counter
from typing import Any

from ..metrics.handle import OperationHandle
from . import spans
from .outcome import NO_ROOM, TICKET, Failure, record_exception, record_result

Function = Callable[..., Any]

Find = Callable[[tuple[Any, ...], dict[str, Any]], OperationHandle]
"""Returns the handle that records a call, given the call's arguments. Never raises."""


def wrap_function(
    function: Function, fixed: OperationHandle | None, find: Find, failure: Failure | None
) -> Function:
    """Wrap a plain function.

    Args:
        function: the application's.
        fixed: the handle of every call; None if `find` determines it.
        find: finds the handle of a call.
        failure: determines whether a result is a failure.
    """

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        handle = find(args, kwargs) if fixed is None else fixed
        while True:
            try:
                tracer = handle.tickets.pop()
                start = perf_counter()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if tracer is not None:
            return spans.called(handle, tracer, start, failure, partial(function, *args, **kwargs))
        try:
            result = function(*args, **kwargs) if kwargs else function(*args)
            seconds = perf_counter() - start
        except BaseException as error:
            try:
                record_exception(handle, perf_counter() - start, error)
            except RecursionError:
                handle.durations += NO_ROOM
            raise
        if failure is not None:
            record_result(handle, seconds, failure, result)
            return result
        handle.durations.append(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)
        return result

    return wrapper


def wrap_coroutine(
    function: Function, fixed: OperationHandle | None, find: Find, failure: Failure | None
) -> Function:
    """Wrap a coroutine function, as `wrap_function` does a plain one."""

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        handle = find(args, kwargs) if fixed is None else fixed
        while True:
            try:
                tracer = handle.tickets.pop()
                start = perf_counter()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if tracer is not None:
            return await spans.awaited(
                handle, tracer, start, failure, partial(function, *args, **kwargs)
            )
        try:
            result = await (function(*args, **kwargs) if kwargs else function(*args))
            seconds = perf_counter() - start
        except BaseException as error:
            try:
                record_exception(handle, perf_counter() - start, error)
            except RecursionError:
                handle.durations += NO_ROOM
            raise
        if failure is not None:
            record_result(handle, seconds, failure, result)
            return result
        handle.durations.append(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)
        return result

    return wrapper
