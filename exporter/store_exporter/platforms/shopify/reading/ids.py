"""Ids, times and amounts as Shopify's GraphQL writes them. No I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ....errors import StoreError
from ....spec.money import Money
from ...kit.reading.days import TimeRange
from ...kit.reading.fields import Fields

_GID = re.compile(r"gid://shopify/[A-Za-z]+/(\d{1,19})(?:\?.*)?")


def number(fields: Fields, name: str = "id") -> int:
    """Read the number in a global id such as `gid://shopify/Product/51`.

    Raises:
        StoreError: invalid_response, it is no such id.
    """
    match = _GID.fullmatch(fields.opaque(name))
    if match is None:
        raise StoreError("invalid_response", f"{fields.where}: {name} is not an id of Shopify")
    return int(match.group(1))


def iso(when: float) -> str:
    """Return a Unix time as Shopify's searches want it."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def created(when: TimeRange) -> str:
    """Return the condition of a search for what was made in some time."""
    begin, end = (moment.isoformat() for moment in when)
    return f"created_at:>='{begin}' AND created_at:<'{end}'"


def gid(kind: str, identifier: int) -> str:
    """Return the global id of a number."""
    return f"gid://shopify/{kind}/{identifier}"


def shop_money(fields: Fields, name: str) -> Money:
    """Read an amount in the shop's own currency out of a `MoneyBag`."""
    return amount(fields.child(name).child("shopMoney"))


def amount(fields: Fields) -> Money:
    """Read a `MoneyV2`."""
    return fields.money("amount", fields.currency("currencyCode"))


def amount_if_any(fields: Fields, name: str) -> Money | None:
    """Read a `MoneyV2` that may be null."""
    return amount(fields.child(name)) if fields.has(name) else None
