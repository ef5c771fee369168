"""Reads ids, times and amounts of Shopify's GraphQL, or raises invalid_response. No I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from ....spec.money import Money
from ...kit.reading.days import TimeRange
from ...kit.reading.fields import Fields

_GID = re.compile(r"gid://shopify/([A-Za-z]+)/([0-9]{1,19})(?:\?.*)?")
_CURRENCY = re.compile(r"[A-Z]{3,4}")


def number(fields: Fields, kind: str | None) -> int:
    """Read the number in a global id such as `gid://shopify/Product/51`, of this kind or of any."""
    match = _GID.fullmatch(fields.opaque())
    if match is None or kind not in (None, match.group(1)):
        wanted = "not an id of Shopify" if match is None else f"not the id of a {kind}"
        raise fields.invalid(f"id is {wanted}")
    return int(match.group(2))


def iso(when: float) -> str:
    """Return a Unix time as Shopify's searches take it."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def within(filter_name: str, when: TimeRange) -> str:
    """Return the search condition for a date in a period, such as `created_at`."""
    begin, end = (moment.isoformat() for moment in when)
    return f"{filter_name}:>='{begin}' AND {filter_name}:<'{end}'"


def gid(kind: str, identifier: int) -> str:
    """Return the global id of a number."""
    return f"gid://shopify/{kind}/{identifier}"


def shop_money(fields: Fields, name: str, *, signed: bool = False) -> Money:
    """Read an amount in the shop's own currency out of a `MoneyBag`; see `amount`."""
    return amount(fields.child(name).child("shopMoney"), signed=signed)


def shop_amount(fields: Fields, name: str, currency: str, *, signed: bool = False) -> Decimal:
    """Read an amount out of a `MoneyBag`, whose shop currency must be the given one."""
    money = shop_money(fields, name, signed=signed)
    if money.currency != currency:
        raise fields.invalid(f"{name} is {money}, and the order is in {currency}")
    return money.amount


def amount(fields: Fields, *, signed: bool = False) -> Money:
    """Read a `MoneyV2`.

    If `signed` it may be negative, such as the outstanding amount after an overpayment.
    """
    money = fields.money("amount", currency(fields))
    return money if signed else not_negative(money, fields)


def not_negative(money: Money, fields: Fields) -> Money:
    """Check that an amount is not negative, and return it."""
    if money.amount < 0:
        raise fields.invalid(f"an amount is {money}, below 0")
    return money


def currency(fields: Fields) -> str:
    """Read the code of a currency from an object's `currencyCode`."""
    code = fields.text("currencyCode")
    if _CURRENCY.fullmatch(code) is None:
        raise fields.invalid(f"currencyCode is {code[:40]!r}, which is not the code of one")
    return code


def amount_if_any(fields: Fields, name: str) -> Money | None:
    """Read a `MoneyV2` that may be null."""
    return amount(fields.child(name)) if fields.has(name) else None
