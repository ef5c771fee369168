"""Documents in the exact shape of a WooCommerce 11.0.1, derived from recorded answers."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import Any

from .answers import Document

DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "JOD": 3, "TND": 3}
"""Decimal places of the currencies that do not have two."""

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "KRW": "₩", "INR": "₹"}


class Templates:
    """The templates of one store, with its own address in them.

    Args:
        base: address of the store, such as `https://shop.example.com`.
    """

    def __init__(self, base: str) -> None:
        text = files(__package__).joinpath("templates.json").read_text(encoding="utf-8")
        self._documents: dict[str, Any] = json.loads(text.replace("{base}", base))

    def get(self, template: str, /, **members: Any) -> Document:
        """Return a fresh copy of a template with some members replaced."""
        document: Document = copy.deepcopy(self._documents[template])
        document.update(members)
        return document

    def rows(self, template: str) -> list[Document]:
        """Return a fresh copy of a template that is a list."""
        rows: list[Document] = copy.deepcopy(self._documents[template])
        return rows


def currency_members(currency: str) -> Document:
    """Return the members that the Store API puts beside each amount."""
    symbol = _SYMBOLS.get(currency, currency)
    return {
        "currency_code": currency,
        "currency_symbol": symbol,
        "currency_minor_unit": DECIMALS.get(currency, 2),
        "currency_decimal_separator": ".",
        "currency_thousand_separator": ",",
        "currency_prefix": symbol,
        "currency_suffix": "",
    }
