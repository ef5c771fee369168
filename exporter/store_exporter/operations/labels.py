"""Where the labels of an operation come from: fixed, the arguments of the call, or the context."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from inspect import isasyncgenfunction, isgeneratorfunction
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from ..metrics.complaints import MisuseError
from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder
from ..metrics.signals import comes_from_outside
from .misuse import is_kind, makes_coroutine
from .wrappers import Find

_P = ParamSpec("_P")
_R = TypeVar("_R")


class StoreLabels(NamedTuple):
    """Which store an operation runs against: the values of the labels of the same names."""

    org: str
    domain: str
    platform: str


Labels = Callable[..., tuple[str, str, str]]
"""An application's function: returns org, domain and platform, given an operation's arguments."""

Fixed = tuple[str | None, str | None, str | None]
"""Org, domain and platform as given to `track`; the context supplies those that are None."""

_store: ContextVar[list[Any]] = ContextVar("store_exporter_store")
"""The block that was entered last: its store, `StoreContext`, and the reset token."""

_known, _enter, _leave = _store.get, _store.set, _store.reset


class StoreContext:
    """The context manager that `store_context` returns; also a decorator of functions.

    Open blocks are recorded in the context variable and not in this object, so it may be entered
    again, also while it is open, from any thread or task.
    """

    # No `__init__`, which would take longer than entering: `store_context` sets the attribute.
    __slots__ = ("store",)

    store: tuple[str, str, str]

    def __enter__(self) -> None:
        entered = [self.store, self, None]
        entered[2] = _enter(entered)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Some frameworks leave a block in another context than they entered it; there is nothing
        # to restore there.
        try:
            entered = _known()
            if entered[1] is self:
                _leave(entered[2])
        except (LookupError, ValueError, RuntimeError):
            pass

    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        """Return the function, wrapped so that each call runs inside the block.

        Of a generator, each step runs inside it, and what its consumer does between two does not.
        """
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        for is_of_kind, wrap in _KINDS:
            if is_kind(is_of_kind, function):
                return cast("Callable[_P, _R]", wrap(self, function))

        @wraps(function)
        def inside(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with self:
                return function(*args, **kwargs)

        return inside


def _around_coroutine(context: StoreContext, function: Any) -> Any:
    @wraps(function)
    async def inside(*args: Any, **kwargs: Any) -> Any:
        with context:
            return await function(*args, **kwargs)

    return inside


def _around_generator(context: StoreContext, function: Any) -> Any:
    @wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step, sent = generator.send, None
        while True:
            try:
                with context:
                    item = step(sent)
            except StopIteration as stop:
                return stop.value
            finally:
                # An error that is raised again would keep itself alive.
                sent = None
            try:
                sent, step = (yield item), generator.send
            except BaseException as error:  # noqa: BLE001 - the generator is to see it
                step, sent = generator.throw, error

    return inside


def _around_async_generator(context: StoreContext, function: Any) -> Any:
    @wraps(function)
    async def inside(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step, sent = generator.asend, None
        while True:
            try:
                with context:
                    item = await step(sent)
            except StopAsyncIteration:
                return
            finally:
                # An error that is raised again would keep itself alive.
                sent = None
            try:
                sent, step = (yield item), generator.asend
            except BaseException as error:  # noqa: BLE001 - the generator is to see it
                step, sent = generator.athrow, error

    return inside


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[StoreContext, Any], Any]], ...] = (
    (makes_coroutine, _around_coroutine),
    (isgeneratorfunction, _around_generator),
    (isasyncgenfunction, _around_async_generator),
)


def store_context(*, org: str, domain: str, platform: str) -> StoreContext:
    """Set the store of all operations that start inside the block without labels of their own.

    For servers that serve many tenants: put one block around each request or job. The values are
    in `contextvars`, so tasks that are started inside inherit them and threads do not. They are
    checked when an operation starts; invalid values raise nothing.
    """
    made = StoreContext()
    made.store = (org, domain, platform)
    return made


def always(handle: OperationHandle) -> Find:
    """Return the function that finds the same handle for every call."""
    return lambda _args, _kwargs: handle


def by_arguments(recorder: Recorder, operation: str, labels: Labels) -> Find:
    """Return a function that finds a call's handle with the application's function."""
    stores = recorder.stores

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationHandle:
        try:
            store = labels(*args, **kwargs) if kwargs else labels(*args)
            try:
                return stores[store][operation]
            except (KeyError, TypeError):
                # New and unclean labels, or a list of them.
                org, domain, platform = store
                return recorder.operation(org, domain, platform, operation)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # The error is counted; the operation continues, unrecorded.
            recorder.broke("labels", error, operation)
            return recorder.nowhere

    return find


def by_context(recorder: Recorder, operation: str, fixed: Fixed) -> Find:
    """Return a function that finds a call's handle in the context."""
    stores = recorder.stores

    def find(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> OperationHandle:
        return in_context(recorder, operation, fixed)

    def find_all(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> OperationHandle:
        try:
            return stores[_known()[0]][operation]
        except Exception as error:
            if comes_from_outside(error):
                raise
        # New and wrong labels take the slow path, which also counts errors.
        return in_context(recorder, operation, fixed)

    return find_all if fixed == (None, None, None) else find


def _no_context(fixed: Fixed) -> MisuseError:
    names = zip(StoreLabels._fields, fixed, strict=True)
    missing = ", ".join(name for name, value in names if value is None)
    return MisuseError(f"{missing} missing: give them to track(), or call it in a store_context")


def in_context(recorder: Recorder, operation: str, fixed: Fixed) -> OperationHandle:
    """Return the handle for the fixed labels and those of the context. Never raises."""
    try:
        org, domain, platform = fixed
        if org is None or domain is None or platform is None:
            entered = _known(None)
            if entered is None:
                recorder.broke("context", _no_context(fixed), operation)
                return recorder.nowhere
            store = entered[0]
            org = store[0] if org is None else org
            domain = store[1] if domain is None else domain
            platform = store[2] if platform is None else platform
        return recorder.operation(org, domain, platform, operation)
    except Exception as error:
        if comes_from_outside(error):
            raise
        # The error is counted; the operation continues, unrecorded.
        recorder.broke("labels", error, operation)
        return recorder.nowhere
