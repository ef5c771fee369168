"""Orders for ledgers, and what the ledgers say of them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from store_exporter.platforms.kit.order_book.accounts import CountedOrder
from store_exporter.platforms.kit.order_book.ledger import Ledger

BEGAN = 1_000_000


def order(number: int = 1, status: str = "pending", **members: object) -> CountedOrder:
    base = CountedOrder(
        id=str(number),
        status=status,
        currency="GBP",
        total=Decimal("10.00"),
        created=BEGAN + 10,
        modified=BEGAN + 10,
    )
    return replace(base, **members)  # type: ignore[arg-type]


def saved_and_loaded(ledger: Ledger) -> Ledger:
    return Ledger.from_document(json.loads(json.dumps(ledger.to_document())), ledger.limit)


def money(ledger: Ledger, currency: str = "GBP") -> tuple[int, int, int]:
    """Revenue, refunds and corrections."""
    amounts = (ledger.counters.revenue, ledger.counters.refunds, ledger.counters.corrections)
    revenue, refunds, corrections = (int(each[currency]) for each in amounts)
    return revenue, refunds, corrections
