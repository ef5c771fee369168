"""The wrappers that `track` puts around functions and coroutine functions.

Those for fixed labels are on hot paths, so everything is bound beforehand. They cost two clock
readings, one list pop and one list append more than a bare call. See docs/architecture/recorder.md.
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


def wrap_function(function: Function, handle: OperationHandle, failure: Failure | None) -> Function:
    """Wrap a plain function with fixed labels."""
    take, admit, put = handle.tickets.pop, handle.admit, handle.durations.append
    clock = perf_counter

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                tracer = take()
                start = clock()
                break
            except IndexError:
                admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if tracer is not None:
            return spans.called(handle, tracer, start, failure, partial(function, *args, **kwargs))
        try:
            result = function(*args, **kwargs)
            seconds = clock() - start
        except BaseException as error:
            try:
                record_exception(handle, clock() - start, error)
            except RecursionError:
                handle.durations += NO_ROOM
            raise
        if failure is not None:
            record_result(handle, seconds, failure, result)
            return result
        put(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)
        return result

    return wrapper


def wrap_coroutine(
    function: Function, handle: OperationHandle, failure: Failure | None
) -> Function:
    """Wrap a coroutine function with fixed labels."""
    take, admit, put = handle.tickets.pop, handle.admit, handle.durations.append
    clock = perf_counter

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                tracer = take()
                start = clock()
                break
            except IndexError:
                admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if tracer is not None:
            return await spans.awaited(
                handle, tracer, start, failure, partial(function, *args, **kwargs)
            )
        try:
            result = await function(*args, **kwargs)
            seconds = clock() - start
        except BaseException as error:
            try:
                record_exception(handle, clock() - start, error)
            except RecursionError:
                handle.durations += NO_ROOM
            raise
        if failure is not None:
            record_result(handle, seconds, failure, result)
            return result
        put(seconds)
        if seconds > handle.notable:
            handle.remark(seconds)
        return result

    return wrapper


def wrap_function_late(function: Function, find: Find, failure: Failure | None) -> Function:
    """Wrap a plain function whose labels are found at each call."""
    clock = perf_counter

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        handle = find(args, kwargs)
        while True:
            try:
                tracer = handle.tickets.pop()
                start = clock()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if tracer is not None:
            return spans.called(handle, tracer, start, failure, partial(function, *args, **kwargs))
        try:
            result = function(*args, **kwargs)
            seconds = clock() - start
        except BaseException as error:
            try:
                record_exception(handle, clock() - start, error)
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


def wrap_coroutine_late(function: Function, find: Find, failure: Failure | None) -> Function:
    """Wrap a coroutine function whose labels are found at each call."""
    clock = perf_counter

    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        handle = find(args, kwargs)
        while True:
            try:
                tracer = handle.tickets.pop()
                start = clock()
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
            result = await function(*args, **kwargs)
            seconds = clock() - start
        except BaseException as error:
            try:
                record_exception(handle, clock() - start, error)
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
