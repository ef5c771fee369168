"""Arguments that operations refuse before the first request. No I/O.

Each function returns an argument in the form in which plans use it, or raises a `StoreError`:
invalid_input for what a shopper may have entered, invalid_request for a mistake of the application.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from ....errors import ErrorName, StoreError

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_ID = re.compile(r"[1-9][0-9]{0,16}")
_LONGEST = 200
MOST_ITEMS = 1000
"""The most items that one operation returns."""


def limit(value: object) -> int:
    """Return how many items are requested, from 1 to 1000.

    Raises:
        StoreError: invalid_request, it is not from 1 to 1000.
    """
    return whole_number(value, "limit", 1, MOST_ITEMS)


def items_to_read(size: int, page: object) -> int:
    """Return how many items must be read for a page of this size, of the first 1000 items.

    Raises:
        StoreError: invalid_request, it is not a page number, or beyond the first 1000 items.
    """
    items = size * whole_number(page, "page", 1)
    if items > MOST_ITEMS:
        message = (
            f"page {page} with a limit of {size} goes beyond the first {MOST_ITEMS} items: "
            "request an earlier page, or fewer products"
        )
        raise StoreError("invalid_request", message)
    return items


def choice(value: object, name: str, known: Collection[str]) -> str:
    """Return a value that must be one of the known words; otherwise it is invalid_request.

    Raises:
        StoreError: invalid_request, it is none of them.
    """
    if not isinstance(value, str) or value not in known:
        raise StoreError("invalid_request", f"{name} is not one of {', '.join(known)}")
    return value


def rating(value: object) -> int | None:
    """Return the lowest rating that is requested, from 1 to 5; None for any.

    Raises:
        StoreError: invalid_request, it is not from 1 to 5.
    """
    return None if value is None else whole_number(value, "min_rating", 1, 5)


def attributes(value: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return options by the name of the attribute, both without regard to case.

    Raises:
        StoreError: invalid_request, it is no mapping; invalid_input, a name or option is empty.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise StoreError(
            "invalid_request",
            'attributes is not a mapping of names to options, such as {"Colour": "red"}',
        )
    return {
        text(name, "an attribute").casefold(): text(option, "an option").casefold()
        for name, option in value.items()
    }


def destination(country: object, postcode: object) -> tuple[str | None, str | None]:
    """Return a country code in upper case and a postcode in that country; None for any.

    Raises:
        StoreError: invalid_input, it is not a country code; invalid_request, there is a postcode
            without a country.
    """
    if country is None:
        if postcode is not None:
            raise StoreError("invalid_request", "postcode needs a country too, such as GB")
        return None, None
    code = text(country, "country").upper()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise StoreError("invalid_input", "country is not a code of two letters, such as GB")
    return code, None if postcode is None else text(postcode, "postcode")


def text(value: object, name: str) -> str:
    """Return a string that a shopper gave, trimmed; invalid_input if it is empty or too long.

    Raises:
        StoreError: invalid_input, it is empty or too long; invalid_request, it is not a string.
    """
    if not isinstance(value, str):
        raise StoreError("invalid_request", f"{name} is not a string")
    # Text that UTF-8 cannot encode (half a surrogate pair) cannot be sent.
    trimmed = value.encode("utf-8", "replace").decode().strip()
    if not trimmed or len(trimmed) > _LONGEST:
        raise StoreError("invalid_input", f"{name} is empty or longer than {_LONGEST} characters")
    return trimmed


def identifier_in(text: str) -> int | None:
    """Return the id that a text of digits writes; with a leading zero it is none, but a SKU."""
    return int(text) if _ID.fullmatch(text) else None


def email(value: object) -> str:
    """Return an e-mail address in lower case; invalid_input if it does not look like one.

    Raises:
        StoreError: invalid_input, it does not look like one.
    """
    address = text(value, "email")
    if not _EMAIL.fullmatch(address):
        raise StoreError("invalid_input", "email is not an address, such as name@example.com")
    return address.casefold()


def quantity(value: object, *, low: int = 1) -> int:
    """Return a number of pieces from `low` to 9999; anything else is invalid_input.

    Raises:
        StoreError: invalid_input, it is not a whole number from `low` to 9999.
    """
    return whole_number(value, "quantity", low, 9999, error="invalid_input")


def whole_number(
    value: object,
    name: str,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    error: ErrorName = "invalid_request",
) -> int:
    """Return a whole number within bounds; anything else is the `error`.

    Raises:
        StoreError: `error`, it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        begin = "" if low == -math.inf else f" from {low}"
        end = "" if high == math.inf else f" to {high}"
        raise StoreError(error, f"{name} is {value!r}, not a whole number{begin}{end}")
    return value


def amount(value: Decimal | float | str | None, name: str) -> Decimal | None:
    """Return an amount of at least 0 in the shop's currency, None for none.

    Raises:
        StoreError: invalid_input, it is not a number of at least 0.
    """
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or not 0 <= number < 10**12:
        raise StoreError(
            "invalid_input", f"{name} is {str(value)[:40]!r}, not an amount such as 19.90"
        )
    return number


def days(first: date | str | None, last: date | str | None) -> tuple[date | None, date | None]:
    """Return the first and the last day; None where there is no bound.

    Raises:
        StoreError: invalid_request, one is not a day, or the first is after the last.
    """
    begin, end = day(first, "first"), day(last, "last")
    if begin is not None and end is not None and begin > end:
        raise StoreError("invalid_request", "first is after last")
    return begin, end


def day(value: date | str | None, name: str) -> date | None:
    """Return a day, from a date or from `YYYY-MM-DD`; None for none.

    Raises:
        StoreError: invalid_request, it is neither.
    """
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise StoreError(
            "invalid_request", f"{name} is not a day as YYYY-MM-DD, such as 2026-01-31"
        ) from None
