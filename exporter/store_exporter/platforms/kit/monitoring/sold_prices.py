"""Detects products that sell for an unusual price, by the lines of orders. No I/O.

The usual price of a product is the median of its earlier orders. So only the orders that are read
for the best sellers are needed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from ....metrics.catalogue import business
from ....metrics.catalogue.values import PriceChange
from ....metrics.families import Sample

_DAY = 86_400
_RECENT_SHARE = 4
"""At most one in so many lines is recent: in a busy shop all lines may be of one day."""
_EARLIER = 2
"""The fewest earlier lines of a product for which it has a usual price."""
_LOWER, _HIGHER = Decimal("0.8"), Decimal("1.25")


class SoldPrice(NamedTuple):
    """The price of one piece in a line of an order.

    Attributes:
        product: the variation, or the product that has none.
        when: the time of the order, in Unix seconds.
    """

    product: str
    price: Decimal
    currency: str
    when: float


def price_samples(lines: Iterable[SoldPrice], now: float) -> list[Sample]:
    """Count the products sold within the last day by price; nothing if none has earlier orders."""
    lines = sorted(lines, key=lambda line: -line.when)
    if not lines:
        return []
    since = max(now - _DAY, lines[len(lines) // _RECENT_SHARE].when)
    recent: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    earlier: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for line in lines:
        prices = recent if line.when > since else earlier
        prices[line.product, line.currency].append(line.price)
    found = Counter(
        _kind(median(prices) / usual)
        for product, prices in recent.items()
        if len(before := earlier[product]) >= _EARLIER and (usual := median(before)) > 0
    )
    if not found:
        return []
    return [Sample(business.PRODUCTS_SOLD, found[kind], {"price": kind}) for kind in PriceChange]


def _kind(ratio: Decimal) -> PriceChange:
    if ratio < _LOWER:
        return PriceChange.LOWER
    return PriceChange.HIGHER if ratio > _HIGHER else PriceChange.USUAL
