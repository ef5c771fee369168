"""Restores dataclasses from the JSON in which they were saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
Read = Callable[[Any], Any]
"""Returns the value that JSON stands for; raises TypeError or ValueError for another type."""


def restored(kind: Callable[..., T], document: Any) -> T:
    """Return a dataclass from what `asdict` and JSON made of it.

    A member that an older version did not save has its default; an unknown one is ignored.

    Raises:
        TypeError, ValueError: a member is missing, or of another type.
    """
    found: T = _reader(kind)(document)
    return found


@cache
def _reader(kind: Any) -> Read:
    """Return what reads values of a type; cached, because annotations are texts to be evaluated."""
    origin, parts = get_origin(kind), [*map(_reader, get_args(kind))]
    if origin is UnionType:
        # `X | None`.
        return lambda saved: None if saved is None else parts[0](saved)
    if origin is list:
        return lambda saved: [parts[0](one) for one in _of_type(list, saved)]
    if origin is tuple:
        return lambda saved: tuple(
            read(one) for read, one in zip(parts, _of_type(list, saved), strict=True)
        )
    if origin is dict:
        return lambda saved: {
            parts[0](key): parts[1](one) for key, one in _of_type(dict, saved).items()
        }
    if isinstance(kind, type) and is_dataclass(kind):
        members = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}
        return partial(_object, kind, members)
    return partial(_of_type, kind)


def _of_type(kind: type[T], saved: Any) -> T:
    if type(saved) is not kind:
        raise TypeError(f"{saved!r:.40} is no {kind}")
    return saved


def _object(kind: Callable[..., Any], members: Mapping[str, Read], saved: Any) -> Any:
    if isinstance(saved, list):
        # An older version saved small ones as the list of their members.
        saved = dict(zip(members, saved, strict=True))
    saved = _of_type(dict, saved)
    return kind(**{name: read(saved[name]) for name, read in members.items() if name in saved})
