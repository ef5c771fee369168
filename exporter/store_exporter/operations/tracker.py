"""`Tracker`, which `track` returns: the decorator and context manager of one operation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR, isasyncgenfunction, isgeneratorfunction
from time import perf_counter
from types import FrameType, TracebackType
from typing import Any, TypeVar

from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder, default
from ..metrics.signals import comes_from_outside
from .generators import wrap_async_generator, wrap_generator
from .labels import Labels, always, by_arguments, by_context, in_context
from .misuse import check_arguments, check_function, is_kind, makes_coroutine
from .operation import Operation, ended_from_elsewhere
from .outcome import NO_ROOM, TICKET, Failure, record_verdict
from .spans import OperationSpan
from .wrappers import wrap_coroutine, wrap_function

_F = TypeVar("_F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")

# The frame of a `with` statement, seen from its context manager.
_frame = sys._getframe  # noqa: SLF001 - the name that CPython's documentation gives it

_GENERATOR = CO_GENERATOR | CO_ASYNC_GENERATOR

_ONE_AT_A_TIME: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether statements without a call are not interrupted by other threads."""


class Tracker:
    """Measures one operation, around a function or in a block; created by `track`.

    Args:
        values: org, domain, platform and operation, as they were given.
        labels: the application's function that returns the first three instead.
        failure: judges a decorated function's result.
        recorder: where to record; the process's own by default.
    """

    __slots__ = ("_alone", "_failure", "_handle", "_labels", "_open", "_recorder", "_values")

    def __init__(
        self,
        values: tuple[str | None, str | None, str | None, str],
        labels: Labels | None,
        failure: Failure | None,
        recorder: Recorder | None,
    ) -> None:
        self._values = values
        self._labels = labels
        self._failure = failure
        self._recorder = recorder
        self._handle: OperationHandle | None = None
        # The operations that are open now, by frame: the frame is all that the beginning and the
        # end of a `with` block have in common, whatever thread, task or generator runs it. An
        # operation that begins while no other is open, the usual case, is kept in `_alone`.
        self._alone: Operation | None = None
        self._open: dict[FrameType | None, Operation] = {}

    def __reduce__(self) -> tuple[type[Tracker], tuple[Any, ...]]:
        # A copy finds the handle in the recorder of its process, and begins with nothing open.
        return Tracker, (self._values, self._labels, self._failure, self._recorder)

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
        handle = self._handle
        if handle is None:
            handle = self._find()
        operation = Operation()
        operation.handle = handle
        operation.verdict = operation.span = None
        operation.frame = _frame(1)
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
        # From here to the block nothing is called, so that neither a signal handler nor, under the
        # interpreter lock, another thread can come between.
        opened = self._open
        if self._alone is None and not opened and _ONE_AT_A_TIME:
            self._alone = operation
        else:
            key = operation.frame
            operation.outer = None
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
        operation = self._alone
        if operation is not None and (
            not self._open or (operation.frame is _frame(1) and _frame(1) not in self._open)
        ):
            self._alone = None
        else:
            key = _frame(1)
            operation = self._open.pop(key, None) or self._take_from_elsewhere(key)
            if operation is None:
                return
            if operation.outer is not None:
                self._open[operation.frame] = operation.outer
        try:
            if error is None and operation.span is None:
                seconds = perf_counter() - operation.since
                operation.frame = None
                handle = operation.handle
                if operation.verdict is not None:
                    record_verdict(handle, seconds, operation.verdict)
                    return
                handle.durations.append(seconds)
                if seconds > handle.notable:
                    handle.remark(seconds)
            else:
                _end(operation, error, _frame(1))
        except RecursionError:
            operation.handle.durations += NO_ROOM

    # These repeat `__enter__` and `__exit__`: calling them would double the cost of a block.

    async def __aenter__(self) -> Operation:
        handle = self._handle
        if handle is None:
            handle = self._find()
        operation = Operation()
        operation.handle = handle
        operation.verdict = operation.span = None
        operation.frame = _frame(1)
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
        # From here to the block nothing is called, so that neither a signal handler nor, under the
        # interpreter lock, another thread can come between.
        opened = self._open
        if self._alone is None and not opened and _ONE_AT_A_TIME:
            self._alone = operation
        else:
            key = operation.frame
            operation.outer = None
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
        operation = self._alone
        if operation is not None and (
            not self._open or (operation.frame is _frame(1) and _frame(1) not in self._open)
        ):
            self._alone = None
        else:
            key = _frame(1)
            operation = self._open.pop(key, None) or self._take_from_elsewhere(key)
            if operation is None:
                return
            if operation.outer is not None:
                self._open[operation.frame] = operation.outer
        try:
            if error is None and operation.span is None:
                seconds = perf_counter() - operation.since
                operation.frame = None
                handle = operation.handle
                if operation.verdict is not None:
                    record_verdict(handle, seconds, operation.verdict)
                    return
                handle.durations.append(seconds)
                if seconds > handle.notable:
                    handle.remark(seconds)
            else:
                _end(operation, error, _frame(1))
        except RecursionError:
            operation.handle.durations += NO_ROOM

    def _take_from_elsewhere(self, frame: FrameType) -> Operation | None:
        """Take an open operation that is ended in another frame, as by an `ExitStack`, if any."""
        while opened := [one for one in (self._alone, *self._open.values()) if one is not None]:
            operation = ended_from_elsewhere(opened, frame)
            if operation is self._alone:
                self._alone = operation.outer = None
                return operation
            if taken := self._open.pop(operation.frame, None):
                return taken
        return None

    def _find(self) -> OperationHandle:
        recorder = self._recorder or default()
        org, domain, platform, operation = self._values
        try:
            handle = recorder.stores.get(self._values[:3], {}).get(operation)  # type: ignore[arg-type]
            if handle is not None:
                # The next block with these labels reuses this tracker.
                if self._labels is None and self._failure is None:
                    recorder.trackers[self._values] = self  # type: ignore[index]
            elif self._labels is not None:
                return by_arguments(recorder, operation, self._labels)((), {})
            elif org is None or domain is None or platform is None:
                return in_context(recorder, operation, (org, domain, platform))
            else:
                handle = recorder.operation(org, domain, platform, operation)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # `in_context` counts the error.
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
        awaits = is_kind(makes_coroutine, function)
        if not awaits and is_kind(isgeneratorfunction, function):
            wrap = wrap_generator
        elif is_kind(isasyncgenfunction, function):
            wrap = wrap_async_generator
        else:
            wrap = wrap_coroutine if awaits else wrap_function
            if handle is not None:
                handle.expect()
        return wrap(function, handle, find, self._failure)


def _end(operation: Operation, error: BaseException | None, frame: FrameType) -> None:
    """End an operation that has a span or that an exception ended."""
    operation.frame = None
    if error is None:
        operation.end()
    elif issubclass(type(error), GeneratorExit) and frame.f_code.co_flags & _GENERATOR:
        # The block is in a generator, which its consumer closed: it has what it wanted.
        # `isinstance` would read the error's `__class__`, which may raise.
        operation.end()
    else:
        operation.end_with(error)
