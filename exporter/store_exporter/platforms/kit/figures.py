"""Reports of collectors that are the same on every platform. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ...contract import Report
from ...metrics.catalogue import business
from ...metrics.families import Sample
from ...spec.money import Money

_MAX_CURRENCIES = 32


def abandoned_carts(values: Sequence[Money]) -> Report:
    """Return how many carts were abandoned and what they are worth, by currency."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for value in values:
        sums[value.currency] += value.amount
    samples = [Sample(business.CARTS_ABANDONED, len(values))]
    samples += [
        Sample(business.CART_ABANDONED_VALUE, float(amount), {"currency": currency})
        for currency, amount in list(sums.items())[:_MAX_CURRENCIES]
    ]
    worth = " + ".join(str(Money(amount, currency)) for currency, amount in sums.items())
    return Report(samples, summary=f"{len(values)} abandoned carts worth {worth or 'nothing'}")
