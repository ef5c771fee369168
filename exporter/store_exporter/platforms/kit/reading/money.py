"""Reads amounts of money from platforms' data: exact decimals with their currency.

What takes `where`, the name of the value in messages, raises invalid_response for other values.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

from ....errors import StoreError
from ....spec.money import Money

_DECIMAL = re.compile(
    r"-?([0-9]{1,24}(\.[0-9]{0,24})?|\.[0-9]{1,24})(E[+-]?[0-9]{1,2})?", re.IGNORECASE
)
"""A decimal as PHP writes one: also `.5`, and a large or tiny float as `1.0E+25`."""
_TOO_LARGE = Decimal(10) ** 24
_INTEGER = re.compile(r"-?[0-9]{1,24}")
_LONGEST_CODE = 10
"""The most letters of a currency's code: platforms' tables of orders have room for no more."""
_MOST_DECIMALS = 8
_SMALLEST = Decimal(1).scaleb(-_MOST_DECIMALS)
_FLOAT, _WIDE = Context(prec=15), Context(prec=40)
_ISO = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: decimals for decimals, codes in _ISO.items() for code in codes.split()}
"""Decimals of the currencies that do not have two, from ISO 4217."""


def _unreadable(value: object, where: str) -> StoreError:
    shown = repr(value)
    if len(shown) > 40:
        shown = shown[:40] + "…"
    return StoreError("invalid_response", f"{where} is {shown}, which is not a plain number")


def decimal_from_text(value: object, where: str) -> Decimal:
    """Read an amount such as `"12.50"`.

    A thousands separator, a decimal comma or a currency symbol is refused rather than guessed at:
    `1,234` is a thousand in one country and a little over one in the next.

    Raises:
        StoreError: invalid_response, it is not a plain decimal.
    """
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        number = Decimal(value.strip())
        if "e" not in value.lower():
            return number
        if abs(number) < _TOO_LARGE:
            return Decimal(f"{number:f}")
    raise _unreadable(value, where)


def decimal_number(value: object, where: str) -> Decimal:
    """Read an amount that is a JSON number, or a plain decimal as text.

    Raises:
        StoreError: invalid_response, it is neither.
    """
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        number = Decimal(value)
        if number.is_finite() and abs(number) < _TOO_LARGE:
            return number
        raise _unreadable(value, where)
    return decimal_from_text(value, where)


def float_amount(value: object, where: str) -> Decimal:
    """Read an amount that a platform computes as a float, whose 16th digit means nothing.

    Raises:
        StoreError: invalid_response, it is not a number.
    """
    found = decimal_number(value, where)
    if found == found.to_integral_value():
        return found.quantize(Decimal(1))
    # Digits beyond its decimals are rounding errors of a subtraction of floats.
    return _FLOAT.plus(found).quantize(_SMALLEST, context=_WIDE).normalize()


def plain_decimal(value: object, thousands: str, decimal: str) -> object:
    """Turn an amount that is formatted for people into a plain decimal; return other values as is.

    An example is `"1,234.50"`. `thousands` and `decimal` are the shop's separators between groups
    of digits and before the decimals; they may be empty.
    """
    if not isinstance(value, str) or thousands == decimal:
        return value
    # A digit as separator is ambiguous in too many ways to try.
    if re.search("[0-9]", thousands + decimal):
        return value
    sign = re.escape(thousands)
    # India writes 12,34,567.
    group = f"(?:(?:{sign}[0-9]{{2,3}})*{sign}[0-9]{{3}})?" if thousands else ""
    pattern = rf"(-?[0-9]{{1,24}}{group})(?:{re.escape(decimal or '.')}([0-9]{{1,24}}))?"
    match = re.fullmatch(pattern, value.strip())
    if match is None:
        return value
    whole, decimals = match.group(1), match.group(2)
    whole = whole.replace(thousands, "") if thousands else whole
    return whole if decimals is None else f"{whole}.{decimals}"


def minor_units(value: object, decimals: int, where: str) -> Decimal:
    """Read an amount in minor units (pence), as text or as a whole number, in major ones.

    Raises:
        StoreError: invalid_response, it is not a whole number.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return Decimal(value).scaleb(-decimals)
    raise _unreadable(value, where)


def decimal_places(value: object, where: str) -> int:
    """Read how many decimals a currency has, from 0 to 8.

    Raises:
        StoreError: invalid_response, it is not a number from 0 to 8.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:3])
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DECIMALS:
        return value
    raise StoreError("invalid_response", f"{where} is not a number of decimals")


def currency_code(value: object, where: str) -> str:
    """Read a currency's code, in upper case.

    A code that ISO does not know is kept: shops invent their own, such as U$ or points.

    Raises:
        StoreError: invalid_response, it does not have the form of one.
    """
    if isinstance(value, str) and len(value) <= _LONGEST_CODE and _is_code(value):
        return value.upper()
    raise StoreError("invalid_response", f"{where} is not the code of a currency")


def _is_code(text: str) -> bool:
    """Whether a text has letters or signs of currencies, and nothing else but digits and joints.

    A code that begins with a joint could be taken for a formula, one of marks alone for nothing.
    """
    kinds = [unicodedata.category(sign) for sign in text if sign not in "-._"]
    is_readable = any(kind[0] == "L" or kind == "Sc" for kind in kinds)
    begins_well = text[:1] not in ("", "-", ".", "_") and kinds[0][0] != "M"
    return is_readable and begins_well and all(kind[0] in "LMN" or kind == "Sc" for kind in kinds)


def decimals_of(currency: str) -> int:
    """Return how many decimals a currency has by ISO 4217; two for an unknown currency."""
    return _DECIMALS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round a computed amount, such as an average, to its currency's decimals."""
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def normalized(amount: Decimal, currency: str) -> Decimal:
    """Return the same amount, without zeros beyond its currency's decimals."""
    # A zero that came as "-0.00" has no sign.
    amount += 0
    shown = rounded(amount, currency)
    if shown != amount:
        return amount.normalize()
    return min(amount, shown, key=lambda written: len(f"{written:f}"))


def money_of(amount: Decimal, currency: str) -> Money:
    """Return an amount of money, without zeros beyond its currency's decimals."""
    return Money(normalized(amount, currency), currency)


def average(total: Decimal, count: int, currency: str) -> Money:
    """Return an average, rounded to the currency's decimals; the total if there is nothing."""
    return Money(rounded(total / max(count, 1), currency), currency)


def sums(amounts: Iterable[Money]) -> dict[str, Money]:
    """Add up amounts by currency, in the order of the currencies' codes."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for money in amounts:
        found[money.currency] += money.amount
    return {code: money_of(found[code], code) for code in sorted(found)}
