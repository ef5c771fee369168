"""Reads single values of JSON as PHP, its plugins and databases write them. No I/O."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_LARGEST = 10**18
_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    Decimal: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}
_NO_DATE = re.compile(r"(0000-|-0001-|0001-01-01).*|")
"""The forms of an empty date of a database, or of a program of .NET, and PHP's empty text."""
_TAG = re.compile(r"<[^<>]{0,2000}>")
_PLACE = re.compile(r"[0-9]{1,9}")
_SPACE = re.compile(r"[ \t\r\f\v]+")


def kind_of(value: object) -> str:
    """Return what a value of JSON is called in messages."""
    return _KINDS.get(type(value), "something else")


def plain_text(markup: str) -> str:
    """Return HTML as text: tags dropped, entities decoded. It is not safe to put into HTML."""
    text = html.unescape(_TAG.sub(" ", markup))
    return "\n".join(_SPACE.sub(" ", line).strip() for line in text.strip().splitlines())


def has_date(value: object) -> bool:
    """Whether the value is a date, and not one of the values that stores write for none."""
    # False is one of the integers.
    if value is None or (isinstance(value, int) and not value):
        return False
    return not isinstance(value, str) or _NO_DATE.fullmatch(value) is None


def is_none(value: object) -> bool:
    """Whether the value is null, false or an empty text, and not a zero."""
    # 0 equals False, but is a value.
    return value is False or value in (None, "")


def as_list(value: Any) -> list[Any] | None:
    """Return a list; None if the value is not a list.

    PHP writes a list from which it removed an item as an object, with the indices of the others.
    """
    if isinstance(value, Mapping) and value and all(map(_PLACE.fullmatch, value)):
        return list(value.values())
    return value if isinstance(value, list) else None


def whole_number(value: Any) -> int | None:
    """Return a whole number, of which PHP may have made a string or a float; None for others."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value) if abs(value) < _LARGEST else None
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    return value if is_whole else None


def as_text(value: Any) -> str | None:
    """Return a text with HTML entities decoded; None if the value is none.

    Plugins and imports write texts of digits, such as SKUs and names, as JSON numbers.
    """
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return html.unescape(value) if isinstance(value, str) else None
