"""`track`: the instrumentation that applications put around their store operations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import (
    CO_ASYNC_GENERATOR,
    CO_GENERATOR,
    isasyncgenfunction,
    iscoroutinefunction,
    isgeneratorfunction,
)
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any, TypeVar

from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder, default
from ..metrics.signals import comes_from_outside
from . import wrappers
from .generators import wrap_async_generator, wrap_generator
from .labels import Labels, always, by_arguments, by_context, in_context
from .misuse import check_arguments, check_function, is_kind
from .operation import Operation
from .outcome import NO_ROOM, TICKET, Failure, record_verdict
from .spans import OperationSpan

_F = TypeVar("_F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")

# The frame of a `with` statement, seen from its context manager.
_frame = sys._getframe  # noqa: SLF001 - the name that CPython's documentation gives it

_new = Operation.__new__

_GENERATOR = CO_GENERATOR | CO_ASYNC_GENERATOR


class track:  # noqa: N801 - a decorator and context manager, used like a function
    """Measures a store operation: how often, how long, and how it fails.

    As a decorator of functions, coroutine functions, generators, asynchronous generators and
    methods of each kind, or as a context manager (`with` and `async with`), which gives the
    `Operation`. A context manager may be entered again, also while it is open, from any thread
    or task.

    Whatever happens in here, the operation's result or exception stays what it is. Misuse raises
    where a function is decorated; later it is counted in
    `store_exporter_instrumentation_errors_total` and logged, each kind at most once a minute.

    Args:
        operation: its name, the value of the label `operation`.
        org: the tenant. What is left out of org, domain and platform comes from `store_context`
            when the operation starts.
        domain: the store's host name.
        platform: `woocommerce`, `shopify`, …
        labels: a function of the operation's arguments that returns (org, domain, platform), in
            place of the three above; without arguments for a context manager.
        failure: a function of the operation's result that returns why it is a failure, as an
            error type or exception, or None. Decorators only; not for asynchronous generators.
        recorder: where to record; the process's own recorder by default.

    Raises:
        TypeError: when decorating, for a wrong argument or something that is not a function; and
            for `@track` without an operation.
        ValueError: when decorating, for an empty text.
    """

    __slots__ = ("_failure", "_handle", "_labels", "_open", "_recorder", "_values")

    def __init__(
        self,
        operation: str,
        *,
        org: str | None = None,
        domain: str | None = None,
        platform: str | None = None,
        labels: Labels | None = None,
        failure: Failure | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        if operation.__class__ is not str and callable(operation):
            raise TypeError('track() needs the operation\'s name, as in @track("search_products")')
        # What is found in the table of handles as it is, where all of it is given and clean.
        self._values = (org, domain, platform, operation)
        self._labels = labels
        self._failure = failure
        self._recorder = recorder
        self._handle: OperationHandle | None = None
        # The operations open now, by the frame that entered them: the only thing that a `with`
        # block's beginning and end have in common, whatever thread, task or generator runs it.
        # The frame itself and not its `id`, which costs a call more each time, and which a later
        # frame can have while an ExitStack keeps the operation open.
        self._open: dict[FrameType, Operation] = {}

    def __call__(self, function: _F) -> _F:
        """Return the function with its operations measured."""
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        check_function(function)
        *fixed, operation = self._values
        check_arguments(operation, fixed, self._labels, self._failure, self._recorder)
        if self._failure is not None and is_kind(isasyncgenfunction, function):
            raise TypeError("an asynchronous generator has no result that failure could judge")
        recorder = self._recorder or default()
        recorder.register_operation(operation)
        return self._wrap(function, recorder)  # type: ignore[return-value]

    def __enter__(self) -> Operation:
        handle = self._handle or self._find()
        operation = _new(Operation)
        operation.handle = handle
        operation.verdict = operation.span = operation.outer = None
        key = _frame(1)
        opened = self._open
        while True:
            try:
                tracer = handle.tickets.pop()
                if tracer is not None:
                    operation.span = OperationSpan(tracer, handle)
                operation.since = perf_counter()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        # From here to the block nothing is called, so that no signal handler can come between.
        if key in opened:
            operation.outer = opened[key]
        opened[key] = operation
        return operation

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        operation = self._open.pop(_frame(1), None)
        try:
            if (
                operation is not None
                and error is None
                and operation.outer is None
                and operation.span is None
            ):
                seconds = perf_counter() - operation.since
                handle = operation.handle
                if operation.verdict is not None:
                    record_verdict(handle, seconds, operation.verdict)
                    return
                handle.durations.append(seconds)
                if seconds > handle.notable:
                    handle.remark(seconds)
            else:
                self._leave(_frame(1), operation, error)
        except RecursionError:
            if operation is not None:
                operation.handle.durations += NO_ROOM

    async def __aenter__(self) -> Operation:
        handle = self._handle or self._find()
        operation = _new(Operation)
        operation.handle = handle
        operation.verdict = operation.span = operation.outer = None
        key = _frame(1)
        opened = self._open
        while True:
            try:
                tracer = handle.tickets.pop()
                if tracer is not None:
                    operation.span = OperationSpan(tracer, handle)
                operation.since = perf_counter()
                break
            except IndexError:
                handle.admit()
            except BaseException:
                handle.tickets += TICKET
                raise
        if key in opened:
            operation.outer = opened[key]
        opened[key] = operation
        return operation

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        operation = self._open.pop(_frame(1), None)
        try:
            if (
                operation is not None
                and error is None
                and operation.outer is None
                and operation.span is None
            ):
                seconds = perf_counter() - operation.since
                handle = operation.handle
                if operation.verdict is not None:
                    record_verdict(handle, seconds, operation.verdict)
                    return
                handle.durations.append(seconds)
                if seconds > handle.notable:
                    handle.remark(seconds)
            else:
                self._leave(_frame(1), operation, error)
        except RecursionError:
            if operation is not None:
                operation.handle.durations += NO_ROOM

    def _leave(
        self, frame: FrameType, operation: Operation | None, error: BaseException | None
    ) -> None:
        """End an operation in any of the less usual ways."""
        if operation is None:
            # An ExitStack leaves from another frame than it entered.
            if not self._open:
                return
            key, operation = self._open.popitem()
        else:
            key = frame
        if operation.outer is not None:
            self._open[key] = operation.outer
        if error is None:
            operation.end()
        elif isinstance(error, GeneratorExit) and frame.f_code.co_flags & _GENERATOR:
            # The block is in a generator, whose consumer has what it wanted.
            operation.end()
        else:
            operation.end_with(error)

    def _find(self) -> OperationHandle:
        recorder = self._recorder or default()
        org, domain, platform, operation = self._values
        try:
            handle = recorder.handles.get(self._values)  # type: ignore[arg-type]
            if handle is None:
                if self._labels is not None:
                    return by_arguments(recorder, operation, self._labels)((), {})
                if org is None or domain is None or platform is None:
                    return in_context(recorder, operation, (org, domain, platform))
                handle = recorder.operation(org, domain, platform, operation)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # It is counted there.
            return in_context(recorder, operation, (org, domain, platform))
        self._handle = handle
        return handle

    def _wrap(self, function: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
        org, domain, platform, operation = self._values
        handle = None
        if self._labels is not None:
            find = by_arguments(recorder, operation, self._labels)
        elif org is None or domain is None or platform is None:
            find = by_context(recorder, operation, (org, domain, platform))
        else:
            handle = recorder.operation(org, domain, platform, operation)
            find = always(handle)
        if is_kind(isgeneratorfunction, function):
            return wrap_generator(function, find, self._failure)
        if is_kind(isasyncgenfunction, function):
            return wrap_async_generator(function, find, self._failure)
        awaits = is_kind(iscoroutinefunction, function)
        if handle is None:
            late = wrappers.wrap_coroutine_late if awaits else wrappers.wrap_function_late
            return late(function, find, self._failure)
        handle.expect()
        wrap = wrappers.wrap_coroutine if awaits else wrappers.wrap_function
        return wrap(function, handle, self._failure)
