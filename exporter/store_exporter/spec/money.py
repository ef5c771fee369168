"""Amounts of money, and numbers of pieces."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Quantity = int | Decimal
"""A number of pieces. Some shops sell fractions, such as metres of cloth."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units (pounds, not pence) of a currency.

    Attributes:
        amount: exact; negative if it is owed or given back.
        currency: code as the store gives it, usually ISO 4217.
    """

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"
