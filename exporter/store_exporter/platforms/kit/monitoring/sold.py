"""The sales of the last days, for the lists of products and their prices. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from ....errors import StoreError
from ....metrics.families import Sample
from ....net.marks import Marks
from ....spec.money import Money, Quantity
from ..reading.fields import Fields
from ..reading.lists import unexpected_items
from . import named_lists
from .named_lists import ProductName, ScarceProduct, SoldLine
from .sold_prices import SoldPrice, price_samples


class Sold:
    """The sales of the last `named_lists.SCARCE_DAYS` days, order by order, newest first.

    `now` is Unix time in seconds. The marks of the platform mask secrets in names of products.

    Attributes:
        since: Unix time at which these days begin.
        pieces: by the id of the product.
        of_variations: by the id of the variation; empty on a platform without any.
        unreadable: why orders and lines are left out, one for each.
    """

    def __init__(self, now: float, marks: Marks) -> None:
        self.since = now - named_lists.SCARCE_DAYS * named_lists.DAY
        self.pieces: defaultdict[int, Quantity] = defaultdict(int)
        self.of_variations: defaultdict[int, Quantity] = defaultdict(int)
        self.unreadable: list[StoreError] = []
        self._listed_since = now - named_lists.SELLING_DAYS * named_lists.DAY
        self._now, self._marks = now, marks
        self._lines: list[SoldLine] = []
        self._prices: list[SoldPrice] = []

    def is_listed(self, created: float) -> bool:
        """Whether an order made at a Unix time counts for the list of best sellers."""
        return created >= self._listed_since

    def add_orders(
        self,
        rows: Iterable[object],
        lines_of: Callable[[Fields], tuple[float, Iterable[Fields]] | None],
        add_line: Callable[[Fields, Fields, float], None],
    ) -> None:
        """Add orders line by line; orders and lines that cannot be read are left out and noted.

        Args:
            rows: the orders as they came.
            lines_of: reads when an order was made, in Unix seconds, and its lines; None for an
                order that was not requested.
            add_line: adds a line by the other methods; takes the order, the line and the time.

        Raises:
            StoreError: invalid_response, nothing can be read, or an order is older than was
                requested or was not requested at all.
        """
        for index, row in enumerate(rows):
            try:
                order = Fields.row(row, "orders", index)
                found = lines_of(order)
            except StoreError as error:
                self.unreadable.append(error)
                continue
            if found is None or found[0] < self.since - 1:
                raise unexpected_items("the list of orders")
            created, lines = found
            for line in lines:
                try:
                    add_line(order, line, created)
                except StoreError as error:
                    self.unreadable.append(error)
        if self.unreadable and not self.pieces and not self.of_variations:
            raise self.unreadable[0]

    def add(self, product: int | None, variation: int | None, pieces: Quantity) -> None:
        """Count pieces of a product, a variation or both; None for one that is not named."""
        if product is not None:
            self.pieces[product] += pieces
        if variation is not None:
            self.of_variations[variation] += pieces

    def add_listed(self, product: int, name: str, sku: str, pieces: Quantity, value: Money) -> None:
        """Add a line of an order for which `is_listed` is true."""
        item = ProductName.of(product, name, sku, self._marks)
        self._lines.append(SoldLine(item, pieces, value))

    def add_price(self, product: int, value: Money, pieces: Quantity, when: float) -> None:
        """Add the amount for pieces of a product or variation; without pieces, add nothing."""
        if pieces > 0:
            price = value.amount / Decimal(pieces)
            self._prices.append(SoldPrice(str(product), price, value.currency, when))

    def best(self, most: int) -> list[int]:
        """Return the ids of the products with most pieces sold."""
        return sorted(self.pieces, key=lambda product: (-self.pieces[product], product))[:most]

    def scarce(
        self, number: int, name: str, sku: str, left: Quantity, *, is_out: bool
    ) -> ScarceProduct:
        """Return a product or variation that is low in stock, with the pieces sold."""
        pieces = self.pieces.get(number) or self.of_variations.get(number) or 0
        return ScarceProduct(ProductName.of(number, name, sku, self._marks), left, is_out, pieces)

    def price_samples(self) -> list[Sample]:
        """Return how many products sell for their usual price, for less and for more."""
        return price_samples(self._prices, self._now)

    def listed_samples(self) -> list[Sample]:
        """Return the list of best sellers."""
        return named_lists.best_sellers(self._lines)
