"""Reads JSON responses: every member has the expected type, or there is a typed error.

Members that decide what a figure or a name is are read strictly. Members that only decorate
(`*_or` methods) fall back to a default instead.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, TypeVar

from ....errors import StoreError
from ....spec.money import Money, Quantity
from .days import named_zone
from .money import currency_code, decimal_number, float_amount, money_of
from .values import as_list, as_text, has_date, is_none, kind_of, plain_text, whole_number

T = TypeVar("T")
_MISSING: Any = object()
_FLAGS: Mapping[Any, bool] = {
    **dict.fromkeys((True, "1", "yes", "true"), True),
    **dict.fromkeys((False, "0", "no", "false"), False),
}
"""The values that PHP and its plugins write for true and false; 1 and 0 equal them."""
_A_DAY = 86_400
_ENUM = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def _kept_back(error: StoreError, where: str) -> StoreError:
    return StoreError(error.error_type, f"{where}: {error.message}", code=error.code)


class Fields:
    """One JSON object; `where` is its name in error messages, such as `order 51`.

    A member may be an error if the response says why it has no value; reading it strictly raises
    that error.

    Raises:
        StoreError: invalid_response, at construction and from every method that reads strictly.
    """

    __slots__ = ("_members", "where")

    def __init__(self, value: Any, where: str) -> None:
        # PHP writes an associative array without members as a list without items.
        if value == []:
            value = {}
        if isinstance(value, StoreError):
            raise _kept_back(value, where)
        if not isinstance(value, Mapping):
            raise StoreError("invalid_response", f"{where} is {kind_of(value)}, not an object")
        self._members: Mapping[str, Any] = value
        self.where = where

    @classmethod
    def row(cls, value: Any, what: str, index: int) -> Fields:
        """Return an item of a list, named by its index, and by its id if it has one."""
        known = value.get("id") if isinstance(value, Mapping) else None
        number = f" (id {str(known)[:60]})" if isinstance(known, (int, str)) and known else ""
        return cls(value, f"{what}[{index}]{number}")

    def invalid(self, why: str) -> StoreError:
        """Return the error that the object is not what a store should send, and why."""
        return StoreError("invalid_response", f"{self.where}: {why}")

    def _wrong(self, name: str, wanted: str) -> StoreError:
        found = kind_of(self._given(name)) if name in self._members else "missing"
        return self.invalid(f"{name} is {found}, not {wanted}")

    def _given(self, name: str) -> Any:
        """Return a member as it came, None if it is missing."""
        value = self._members.get(name)
        if isinstance(value, StoreError):
            raise _kept_back(value, f"{self.where}: {name}")
        return value

    def names(self) -> list[str]:
        """Return the names of the members."""
        return list(self._members)

    def has(self, name: str) -> bool:
        """Whether the member is present and not null."""
        return self._members.get(name) is not None

    def raw(self, name: str) -> Any:
        """Return a member as it is, None if it is missing."""
        return self._members.get(name)

    def text(self, name: str) -> str:
        """Read a string, with HTML entities decoded."""
        return html.unescape(self.opaque(name))

    def text_or_number(self, name: str) -> str:
        """Read a text; one of digits may have become a number in a plugin."""
        value = as_text(self._members.get(name))
        if value is None:
            raise self._wrong(name, "a string")
        return value

    def opaque(self, name: str = "id") -> str:
        """Read an id or a cursor, which must go back to the store unchanged."""
        value = self._members.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def text_or(self, name: str, default: str = "") -> str:
        """Read a text that only decorates; see `as_text`."""
        value = as_text(self._members.get(name))
        return default if value is None else value

    def markup_or(self, name: str, default: str = "") -> str:
        """Read a piece of HTML that only decorates, as plain text."""
        value = self._members.get(name)
        return plain_text(value) if isinstance(value, str) else default

    def one_of(self, name: str, known: Collection[str]) -> str:
        """Read a string that is one of a closed list."""
        value = self.text(name)
        if value not in known:
            raise self.invalid(f"{name} is {value[:40]}, which is unknown")
        return value

    def one_of_or(self, name: str, known: Collection[str], default: str) -> str:
        """Read a value of an enumeration; `default` for one that later versions may have added."""
        value = self.text(name)
        if value not in known and _ENUM.fullmatch(value):
            return default
        return self.one_of(name, known)

    def flag(self, name: str) -> bool:
        """Read a boolean; PHP may have turned it into a string or a number."""
        value = self._members.get(name)
        if not isinstance(value, (bool, int, str)) or value not in _FLAGS:
            raise self._wrong(name, "a boolean")
        return _FLAGS[value]

    def integer(self, name: str, *, low: int = 0) -> int:
        """Read a whole number of at least `low`; PHP may have made a string or a float of it."""
        value = whole_number(self._members.get(name))
        if value is None:
            raise self._wrong(name, "a whole number")
        if value < low:
            raise self.invalid(f"{name} is {value}, below {low}")
        return value

    def integer_or(self, name: str, default: int = 0) -> int:
        """Read a whole number that only decorates."""
        value = whole_number(self._members.get(name))
        return default if value is None else value

    def identifier(self, name: str = "id") -> int:
        """Read the id of something that exists: a whole number above zero."""
        return self.integer(name, low=1)

    def identifier_if_any(self, name: str) -> int | None:
        """Read an id; None for 0, null and PHP's empty text or false."""
        return None if is_none(self._members.get(name)) else self.integer(name) or None

    def quantity(self, name: str) -> Quantity:
        """Read a number of pieces; it is negative if more were sold than were in stock."""
        value = self._members.get(name)
        if value is None or isinstance(value, (bool, list, dict)):
            raise self._wrong(name, "a number")
        number = self.decimal(name)
        whole = number.to_integral_value()
        return int(whole) if number == whole else number

    def quantity_if_any(self, name: str) -> Quantity | None:
        """Read a number of pieces; None for null and PHP's empty text or false."""
        return None if is_none(self._members.get(name)) else self.quantity(name)

    def decimal(self, name: str) -> Decimal:
        """Read a number, or the same as a string."""
        return decimal_number(self._given(name), f"{self.where}: {name}")

    def currency(self, name: str) -> str:
        """Read the code of a currency."""
        return currency_code(self._given(name), f"{self.where}: {name}")

    def zone(self, name: str) -> tzinfo:
        """Read the name of a time zone."""
        zone = self.text(name)
        found = named_zone(zone)
        if found is None:
            raise self.invalid(f"the time zone {zone[:40]!r} is unknown")
        return found

    def money(self, name: str, currency: str) -> Money:
        """Read an amount such as `"12.50"`; some plugins turn it into a JSON number."""
        value = self._given(name)
        read = float_amount if isinstance(value, Decimal) else decimal_number
        return money_of(read(value, f"{self.where}: {name}"), currency)

    def money_if_any(self, name: str, currency: str) -> Money | None:
        """Read an amount that may be null, empty or false for none, but must be present."""
        is_empty = is_none(self._members.get(name, _MISSING))
        return None if is_empty else self.money(name, currency)

    def gmt(self, name: str) -> datetime:
        """Read a date in GMT that does not name its zone."""
        value = self._members.get(name)
        if isinstance(value, str):
            with suppress(ValueError, OverflowError):
                moment = datetime.fromisoformat(value)
                if moment.tzinfo is None:
                    return moment.replace(tzinfo=UTC)
                # In GMT it may be in the year 0 or 10000, which no calculation can use.
                moment.astimezone(UTC)
                return moment
        raise self._wrong(name, "a date")

    def gmt_if_any(self, name: str) -> datetime | None:
        """Read a date in GMT that may be null or empty, but must be present."""
        return self.gmt(name) if has_date(self._members.get(name, _MISSING)) else None

    def seconds(self, name: str) -> int:
        """Read a date in GMT as whole Unix seconds, at least 1.

        An import may write the Unix time 0, in any time zone, for a date that it does not know.
        """
        moment = self.gmt(name)
        stamp = int(moment.timestamp())
        # The empty date of a database arrives as a date in the year 0 or 1.
        if stamp < -_A_DAY:
            raise self.invalid(f"{name} is {moment:%Y-%m-%d}")
        return max(1, stamp)

    def seconds_if_any(self, name: str) -> int | None:
        """Read a date in GMT as whole Unix seconds; None for no date, and for an import's."""
        found = self.seconds(name) if has_date(self._members.get(name)) else 0
        return found if found > _A_DAY else None

    def child(self, name: str) -> Fields:
        """Read an object."""
        return Fields(self._members.get(name), f"{self.where}: {name}")

    def at(self, *names: str) -> Fields | None:
        """Read an object inside others; None if it or one of them is null or missing."""
        found = self
        for name in names:
            if not found.has(name):
                return None
            found = found.child(name)
        return found

    def nodes(self, name: str) -> Iterator[Fields]:
        """Read the nodes of a connection of GraphQL."""
        return self.child(name).children("nodes")

    def listed(self, name: str) -> list[Any]:
        """Read a list; its items may be anything."""
        value = as_list(self._members.get(name))
        if value is None:
            raise self._wrong(name, "a list")
        return value

    def children(self, name: str) -> Iterator[Fields]:
        """Read a list of objects, each once; two different objects must not have one id.

        Raises:
            StoreError: invalid_response, also for two different objects with the same id.
        """
        known: dict[int | str, Any] = {}
        for index, item in enumerate(self.listed(name)):
            row = Fields.row(item, f"{self.where}: {name}", index)
            number = row.raw("id")
            if isinstance(number, int | str) and number:
                if number in known and known[number] != item:
                    message = f"{row.where} occurs twice with different content"
                    raise StoreError("invalid_response", message)
                if number in known:
                    continue
                known[number] = item
            yield row

    def optional_strings(self, name: str) -> tuple[str, ...]:
        """Read a list of texts that only decorates; other values are left out."""
        texts = map(as_text, as_list(self._members.get(name)) or ())
        return tuple(text for text in texts if text is not None)

    def optional_items(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """Read a list of objects that only decorates; unreadable ones are left out."""
        found = []
        for item in as_list(self._members.get(name)) or ():
            try:
                found.append(read(Fields(item, f"{self.where}: {name}")))
            except StoreError:
                continue
        return tuple(found)
