"""Lists with an entry for each item: carts, scarce products, best sellers. No I/O.

Names of products come from the store and go into labels, so they are cut and cleaned here. Carts
have numbers and no names, so that no customer is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from typing import NamedTuple

from ....legible import legible
from ....metrics.catalogue import lists
from ....metrics.catalogue.values import StockState
from ....metrics.families import Sample
from ....net.marks import Marks
from ....spec.money import Money, Quantity
from ..reading.values import plain_text

DAY = 86_400
SELLING_DAYS = 7
"""Days whose best sellers are listed."""
SCARCE_DAYS = 30
"""Days within which a product that is out of stock must have been sold to be urgent."""
_LONGEST = {"name": 80, "sku": 40}


class ProductName(NamedTuple):
    """Id, name and SKU of a product or variation, in a form fit for labels."""

    id: str
    name: str
    sku: str

    @classmethod
    def of(cls, identifier: int | str, name: str, sku: str, marks: Marks) -> ProductName:
        """Return the store's values, cleaned, cut, and masked by the patterns of `marks`."""
        shown = (
            _cut(legible(marks.redact.mask(plain_text(text))), _LONGEST[kind])
            for kind, text in (("name", name), ("sku", sku))
        )
        return cls(str(identifier), *shown)

    def labels(self, **more: str) -> dict[str, str]:
        """Return its labels and some more."""
        return {"product_id": self.id, "product": self.name, "sku": self.sku, **more}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


class AbandonedCart(NamedTuple):
    """An abandoned cart.

    Attributes:
        number: the number by which the shop's staff finds it.
        since: when it was abandoned, in Unix seconds.
    """

    number: str
    value: Money
    since: float


class ScarceProduct(NamedTuple):
    """A product or variation that is low in stock.

    Attributes:
        item: its id, name and SKU.
        left: pieces in stock.
        is_out: whether it cannot be bought.
        sold: pieces of it that were sold recently.
    """

    item: ProductName
    left: Quantity
    is_out: bool
    sold: Quantity

    @property
    def urgency(self) -> tuple[int, Quantity, Quantity, str]:
        """Sort key: products that are out and sell come first; those out without sales, last."""
        degree = 1 if not self.is_out else 0 if self.sold > 0 else 2
        return (degree, -self.sold, self.left, self.item.id.zfill(20))


class SoldLine(NamedTuple):
    """Pieces of a product in one order, and the amount they were sold for."""

    item: ProductName
    pieces: Quantity
    value: Money


@dataclass(slots=True)
class _Seller:
    """What was sold of one product, pieces and value by currency."""

    name: str = ""
    skus: set[str] = field(default_factory=set)
    pieces: defaultdict[str, Quantity] = field(default_factory=lambda: defaultdict(int))
    value: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, line: SoldLine) -> None:
        # The newest orders come first, and contain the current name.
        self.name = self.name or line.item.name
        self.skus.add(line.item.sku)
        self.pieces[line.value.currency] += line.pieces
        self.value[line.value.currency] += line.value.amount

    @property
    def sku(self) -> str:
        """Its SKU; none where its variations have several."""
        return next(iter(self.skus)) if len(self.skus) == 1 else ""


def carts(found: Iterable[AbandonedCart]) -> list[Sample]:
    """List the carts that are worth most.

    Amounts in different currencies cannot be compared, so the carts of each currency take turns,
    beginning with the currency of most carts.
    """
    by_currency: defaultdict[str, list[AbandonedCart]] = defaultdict(list)
    for cart in found:
        by_currency[cart.value.currency].append(cart)
    for own in by_currency.values():
        own.sort(key=lambda cart: (-cart.value.amount, cart.since, cart.number))
    codes = sorted(by_currency, key=lambda code: (-len(by_currency[code]), code))
    ranks = zip_longest(*(by_currency[code] for code in codes))
    chosen = [cart for rank in ranks for cart in rank if cart is not None][: lists.MOST]
    samples = [_listed("carts", len(chosen))]
    for cart in chosen:
        labels = {"cart": cart.number, "currency": cart.value.currency}
        samples.append(Sample(lists.CART_VALUE, float(cart.value.amount), labels))
        samples.append(Sample(lists.CART_SINCE, cart.since, labels))
    return samples


def scarce(found: Iterable[ScarceProduct]) -> list[Sample]:
    """List the products that most need stock."""
    chosen = sorted(found, key=lambda one: one.urgency)[: lists.MOST]
    samples = [_listed("scarce", len(chosen))]
    for one in chosen:
        labels = one.item.labels(stock=StockState.OUT if one.is_out else StockState.LOW)
        samples.append(Sample(lists.SCARCE_QUANTITY, float(one.left), labels))
        samples.append(Sample(lists.SCARCE_SOLD, float(one.sold), labels))
    return samples


def best_sellers(lines: Iterable[SoldLine]) -> list[Sample]:
    """List the products with most pieces sold, from the lines of orders, newest first.

    The list is shorter if products sell in so many currencies that there would be too many rows.
    """
    sellers: defaultdict[str, _Seller] = defaultdict(_Seller)
    for line in lines:
        sellers[line.item.id].add(line)
    best = sorted(sellers, key=lambda id_: (-sum(sellers[id_].pieces.values()), len(id_), id_))
    shown: list[Sample] = []
    chosen = 0
    for number in best[: lists.MOST]:
        one = sellers[number]
        codes = sorted(one.pieces, key=lambda code: (-one.pieces[code], code))[: lists.MOST_ROWS]
        if len(shown) + 2 * len(codes) > 2 * lists.MOST_ROWS:
            break
        chosen += 1
        for code in codes:
            labels = ProductName(number, one.name, one.sku).labels(currency=code)
            shown.append(Sample(lists.SELLER_SOLD, float(one.pieces[code]), labels))
            shown.append(Sample(lists.SELLER_VALUE, float(one.value[code]), labels))
    return [_listed("best_sellers", chosen), *shown]


def _listed(name: str, count: int) -> Sample:
    return Sample(lists.LISTED, count, {"list": name})
