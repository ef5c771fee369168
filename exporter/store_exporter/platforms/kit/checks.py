"""What operations refuse before they ask the store anything. No I/O."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from ...errors import StoreError

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_LONGEST = 200
MOST_ITEMS = 1000
"""The most items that one operation returns."""


def limit(value: object) -> int:
    """Return how many items are wanted.

    Raises:
        StoreError: invalid_request, it is not from 1 to 1000.
    """
    most = MOST_ITEMS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise StoreError("invalid_request", f"limit is {value!r}, not a number from 1 to {most}")
    return value


def text(value: object, name: str) -> str:
    """Return a string that a shopper gave, trimmed.

    Raises:
        StoreError: invalid_input, it is empty or too long; invalid_request, it is no string.
    """
    if not isinstance(value, str):
        raise StoreError("invalid_request", f"{name} is not a string")
    # What is not text in UTF-8 (half a surrogate pair) cannot be sent either.
    trimmed = value.encode("utf-8", "replace").decode().strip()
    if not trimmed or len(trimmed) > _LONGEST:
        raise StoreError("invalid_input", f"{name} is empty or longer than {_LONGEST} characters")
    return trimmed


def email(value: object) -> str:
    """Return an e-mail address in lower case.

    Raises:
        StoreError: invalid_input, it does not look like one.
    """
    address = text(value, "email")
    if not _EMAIL.fullmatch(address):
        raise StoreError("invalid_input", "email is not an address")
    return address.casefold()


def quantity(value: object, *, low: int = 1) -> int:
    """Return a number of pieces.

    Raises:
        StoreError: invalid_input, it is not a whole number from `low` to 9999.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= 9999:
        raise StoreError("invalid_input", f"quantity is {value!r}, not from {low} to 9999")
    return value


def whole(value: object, name: str) -> int:
    """Return a whole number.

    Raises:
        StoreError: invalid_request, it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise StoreError("invalid_request", f"{name} is not a whole number")
    return value


def amount(value: Decimal | float | str | None, name: str) -> Decimal | None:
    """Return an amount in the shop's currency, None for none.

    Raises:
        StoreError: invalid_input, it is not a number from 0 on.
    """
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number < 10**12:
        raise StoreError("invalid_input", f"{name} is {str(value)[:40]!r}, not an amount")
    return number


def day(value: date | str | None, name: str) -> date | None:
    """Return a day, given as such or as `YYYY-MM-DD`; None for none.

    Raises:
        StoreError: invalid_request, it is neither.
    """
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise StoreError("invalid_request", f"{name} is not a day as YYYY-MM-DD") from None
