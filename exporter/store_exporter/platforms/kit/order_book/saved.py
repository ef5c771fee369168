"""Restores dataclasses from the JSON in which they were saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def restored(kind: type[T], document: Any) -> T:
    """Return a dataclass from what `asdict` and JSON made of it.

    A member that an older version did not save has its default; an unknown one is ignored.

    Raises:
        TypeError, ValueError: a member is missing, or of another type.
    """
    types = get_type_hints(kind)
    if isinstance(document, list):
        # An older version saved small ones as the list of their members.
        document = dict(zip(types, document, strict=True))
    if not isinstance(document, Mapping):
        raise TypeError(f"{document!r:.40} is no {kind.__name__}")
    return kind(**{name: _value(types[name], document[name]) for name in types.keys() & document})


def _value(kind: Any, saved: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        # `X | None`.
        return None if saved is None else _value(arguments[0], saved)
    if is_dataclass(kind):
        return restored(kind, saved)  # type: ignore[arg-type]
    if type(saved) is not {tuple: list}.get(origin or kind, origin or kind):
        raise TypeError(f"{saved!r:.40} is no {kind}")
    if origin is list:
        return [_value(arguments[0], one) for one in saved]
    if origin is tuple:
        return tuple(_value(one, part) for one, part in zip(arguments, saved, strict=True))
    if origin is dict:
        return {_value(arguments[0], key): _value(arguments[1], saved[key]) for key in saved}
    return saved
