"""What every part of a simulated shop needs: ids, dates, amounts and goods with their stock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .answers import Document
from .templates import DECIMALS, Templates


class Assortment:
    """Products and variations by id, as the API shows them, with dates in the time zone."""

    def __init__(
        self, domain: str, currency: str, clock: Callable[[], float], timezone: str
    ) -> None:
        self.domain = domain
        self.base = f"https://{domain}"
        self.currency = currency
        self.decimals = DECIMALS.get(currency, 2)
        self.clock = clock
        self.zone = ZoneInfo(timezone)
        self.templates = Templates(self.base)
        self.products: dict[int, Document] = {}
        self.variations: dict[int, Document] = {}
        self.categories: dict[int, Document] = {}
        self.reviews: dict[int, Document] = {}
        self._last_id = 100

    def next_id(self) -> int:
        """Return an id that no document has had."""
        self._last_id += 1
        return self._last_id

    def amount(self, value: Decimal | float | str) -> str:
        """Return an amount as orders show it: a string with the currency's decimals."""
        return f"{Decimal(str(value)):.{self.decimals}f}"

    def stamp(self, document: Document, name: str, when: float | None) -> None:
        """Set a date in the shop's zone and its `_gmt` twin."""
        local = gmt = None
        if when is not None:
            moment = datetime.fromtimestamp(int(when), UTC)
            # The first 19 characters are those before the offset; `strftime` takes much longer.
            gmt = moment.isoformat()[:19]
            local = moment.astimezone(self.zone).isoformat()[:19]
        document[name] = local
        document[f"{name}_gmt"] = gmt

    def touch(self, document: Document) -> None:
        """Note that a document changed now."""
        self.stamp(document, "date_modified", self.clock())

    def item(self, product_id: int) -> Document | None:
        """Return a product or a variation."""
        return self.products.get(product_id) or self.variations.get(product_id)

    def everything_sold(self) -> list[Document]:
        """Return what has stock of its own: simple products and variations."""
        simple = [p for p in self.products.values() if p["type"] != "variable"]
        return [*simple, *self.variations.values()]

    def set_stock(self, product_id: int, quantity: int) -> None:
        """Set what is left of a product or variation, or raise KeyError."""
        item = self.item(product_id)
        if item is None:
            raise KeyError(product_id)
        item.update(
            manage_stock=True,
            stock_quantity=quantity,
            stock_status="instock" if quantity > 0 or item["backorders_allowed"] else "outofstock",
        )
        self.touch(item)
        parent = self.products.get(item.get("parent_id") or 0)
        if parent is not None:
            children = [self.variations[i] for i in parent["variations"]]
            sold_out = all(child["stock_status"] == "outofstock" for child in children)
            parent["stock_status"] = "outofstock" if sold_out else "instock"
