"""Documents in the exact shape of a WooCommerce 11.0.1, derived from recorded answers."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from .answers import Document

DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "JOD": 3, "TND": 3}
"""Decimal places of the currencies that do not have two."""

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "KRW": "₩", "INR": "₹"}


@cache
def _text() -> str:
    return files(__package__).joinpath("templates.json").read_text(encoding="utf-8")


@lru_cache(maxsize=16)
def _documents(base: str) -> dict[str, Any]:
    documents: dict[str, Any] = json.loads(_text().replace("{base}", base))
    return documents


def fresh(document: Document) -> Document:
    """Return a copy of a JSON object that shares no object or list with it."""
    return {
        name: _copied(member) if isinstance(member, (dict, list)) else member
        for name, member in document.items()
    }


def _copied(value: Any) -> Any:
    # Most members hold nothing, and a call for each of them takes twice the time of the rest.
    if isinstance(value, dict):
        return fresh(value)
    return [_copied(item) if isinstance(item, (dict, list)) else item for item in value]


class Templates:
    """The templates of one store, with its own address in them."""

    def __init__(self, base: str) -> None:
        self._documents = _documents(base)

    def get(self, template: str, /, **members: Any) -> Document:
        """Return a fresh copy of a template with some members replaced."""
        return {**fresh(self._documents[template]), **members}

    def rows(self, template: str) -> list[Document]:
        """Return a fresh copy of a template that is a list."""
        return [fresh(row) for row in self._documents[template]]


def currency_members(currency: str, decimals: int | None = None) -> Document:
    """Return the members that the Store API puts beside each amount with so many decimals.

    If they are not given, they are those of the currency.
    """
    symbol = _SYMBOLS.get(currency, currency)
    return {
        "currency_code": currency,
        "currency_symbol": symbol,
        "currency_minor_unit": DECIMALS.get(currency, 2) if decimals is None else decimals,
        "currency_decimal_separator": ".",
        "currency_thousand_separator": ",",
        "currency_prefix": symbol,
        "currency_suffix": "",
    }
