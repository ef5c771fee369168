"""Checks of what is passed to `track`; arguments are checked when a function is decorated."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from inspect import CO_ITERABLE_COROUTINE, iscoroutinefunction
from types import CodeType
from typing import Any

from ..errors import ERROR_TYPES
from ..metrics.complaints import MisuseError
from ..metrics.recorder import Recorder

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


def no_error_type(value: object, place: str) -> MisuseError:
    """Return the error for a verdict that is neither an error type nor an exception.

    Args:
        value: the verdict; quoted only if it looks like a name, because others may hold secrets.
        place: the file and line that it comes from.
    """
    if isinstance(value, str) and _NAME.fullmatch(value):
        said, close = f"{value!r} is", get_close_matches(value, ERROR_TYPES, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
    else:
        said, meant = f"something of type {type(value).__name__} is", ""
    known = ", ".join(ERROR_TYPES)
    return MisuseError(f"{said} no error type, at {place}{meant}; they are: {known}")


def place_of(function: object) -> str:
    """Return the file and line of a function, or the name of its type if it has no code."""
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else f"{type(function).__name__}"


def is_kind(check: Callable[[Any], bool], function: Any) -> bool:
    """Whether a check holds for a function, or for the `__call__` of a callable object."""
    return check(function) or check(getattr(type(function), "__call__", None))  # noqa: B004


def makes_coroutine(function: Any) -> bool:
    """Whether a call gives a coroutine, which includes the generators of `types.coroutine`."""
    if iscoroutinefunction(function):
        return True
    code = getattr(function, "__code__", None)
    return isinstance(code, CodeType) and bool(code.co_flags & CO_ITERABLE_COROUTINE)


def check_function(function: object) -> None:
    """Raise TypeError for an object that cannot be decorated."""
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"track() decorates functions and methods, not {function!r}")


def check_arguments(
    operation: object, fixed: Sequence[object], labels: object, failure: object, recorder: object
) -> None:
    """Raise TypeError or ValueError for invalid arguments of `track`."""
    _check_text("operation", operation)
    for name, value in zip(("org", "domain", "platform"), fixed, strict=True):
        if value is not None:
            _check_text(name, value)
    if labels is not None and any(value is not None for value in fixed):
        raise TypeError("track() takes either labels or some of org, domain and platform")
    _check_plain("labels", labels)
    _check_plain("failure", failure)
    if recorder is not None and not isinstance(recorder, Recorder):
        raise TypeError(f"recorder must be a Recorder, not {recorder!r}")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {value!r}")
    if not value:
        raise ValueError(f"{name} must not be empty")


def _check_plain(name: str, function: object) -> None:
    if function is None:
        return
    if not callable(function):
        raise TypeError(f"{name} must be a function, not {function!r}")
    if is_kind(iscoroutinefunction, function):
        raise TypeError(f"{name} must be a plain function, not a coroutine function")
