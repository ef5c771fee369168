"""Where the labels of an operation come from: fixed, the arguments of the call, or the context."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any, NamedTuple

from ..metrics.complaints import MisuseError
from ..metrics.handle import OperationHandle
from ..metrics.recorder import Recorder
from ..metrics.signals import comes_from_outside
from .wrappers import Find


class StoreLabels(NamedTuple):
    """Which store an operation runs against: the values of the labels of the same names."""

    org: str
    domain: str
    platform: str


Labels = Callable[..., tuple[str, str, str]]
"""An application's function: from an operation's arguments to org, domain and platform."""

Fixed = tuple[str | None, str | None, str | None]
"""Org, domain and platform as given to `track`; None is for the context to fill in."""

_store: ContextVar[tuple[str, str, str]] = ContextVar("store_exporter_store")


_Entered = tuple[Token[tuple[str, str, str]], "_Entered"] | None


class store_context(ContextDecorator):  # noqa: N801 - a context manager, used like a function
    """Give the store of all operations that start inside the block without labels of their own.

    For servers that serve many tenants: one block around a request or job. The values travel with
    `contextvars`, so into tasks but not into threads that are started inside. They are checked
    when an operation starts; whatever they are, nothing is raised.
    """

    def __init__(self, *, org: str, domain: str, platform: str) -> None:
        self._labels = (org, domain, platform)
        # What each entry is left with, the last one first: it may be entered while it is open.
        self._entered: _Entered = None

    def __enter__(self) -> None:
        self._entered = (_store.set(self._labels), self._entered)

    def __exit__(self, *_: object) -> None:
        if self._entered is None:
            return
        token, self._entered = self._entered
        # Some frameworks leave a block in another context than they entered it; there is nothing
        # to restore there.
        try:  # noqa: SIM105 - `suppress` would cost as much as all the rest
            _store.reset(token)
        except ValueError:
            pass


def always(handle: OperationHandle) -> Find:
    """Return the function that finds the same handle for every call."""
    return lambda _args, _kwargs: handle


def by_arguments(recorder: Recorder, operation: str, labels: Labels) -> Find:
    """Return the function that finds a call's handle by the application's function."""

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationHandle:
        try:
            org, domain, platform = labels(*args, **kwargs)
            return recorder.operation(org, domain, platform, operation)
        except Exception as error:
            if comes_from_outside(error):
                raise
            # Counted; the operation goes on, unrecorded.
            recorder.broke("labels", error, operation)
            return recorder.nowhere

    return find


def by_context(recorder: Recorder, operation: str, fixed: Fixed) -> Find:
    """Return the function that finds a call's handle by the context."""
    find_known, store = recorder.handles.get, _store.get

    def find(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> OperationHandle:
        return in_context(recorder, operation, fixed)

    def find_all(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> OperationHandle:
        try:
            handle = find_known((*store(), operation))
            if handle is not None:
                return handle
        except Exception as error:
            if comes_from_outside(error):
                raise
        # What is new or wrong is found out, and counted, where there is time for it.
        return in_context(recorder, operation, fixed)

    return find_all if fixed == (None, None, None) else find


def _no_context(fixed: Fixed) -> MisuseError:
    names = zip(StoreLabels._fields, fixed, strict=True)
    missing = ", ".join(name for name, value in names if value is None)
    return MisuseError(f"{missing} missing: give them to track(), or call it in a store_context")


def in_context(recorder: Recorder, operation: str, fixed: Fixed) -> OperationHandle:
    """Return the handle for the fixed labels, completed by those of the context. Never raises."""
    try:
        org, domain, platform = fixed
        if org is None or domain is None or platform is None:
            store = _store.get(None)
            if store is None:
                recorder.broke("context", _no_context(fixed), operation)
                return recorder.nowhere
            org = store[0] if org is None else org
            domain = store[1] if domain is None else domain
            platform = store[2] if platform is None else platform
        return recorder.operation(org, domain, platform, operation)
    except Exception as error:
        if comes_from_outside(error):
            raise
        # Counted; the operation goes on, unrecorded.
        recorder.broke("labels", error, operation)
        return recorder.nowhere
