"""What operations return."""

from __future__ import annotations

from decimal import Decimal

from store_exporter.spec.results import Money


def test_money_shows_amount_and_currency() -> None:
    assert str(Money(Decimal("12.50"), "EUR")) == "12.50 EUR"
