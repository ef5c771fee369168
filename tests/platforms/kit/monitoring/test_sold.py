"""What orders sold is added up line by line; what cannot be read is left out and noted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from store_exporter.errors import StoreError
from store_exporter.net.marks import GENERIC
from store_exporter.platforms.kit.monitoring.named_lists import DAY, SCARCE_DAYS
from store_exporter.platforms.kit.monitoring.sold import Sold
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.spec.money import Money

NOW = 100.0 * DAY


def lines_of(order: Fields) -> tuple[float, list[Fields]] | None:
    if order.raw("status") == "draft":
        return None
    return NOW - order.integer("age") * DAY, list(order.children("lines"))


def added(*orders: Any) -> Sold:
    """What some orders sold, of which each line is a product and its pieces."""
    sold = Sold(NOW, GENERIC)

    def add_line(_: Fields, line: Fields, created: float) -> None:
        product, pieces = line.identifier("product"), line.quantity("pieces")
        sold.add(product, line.raw("variation"), pieces)
        if sold.is_listed(created):
            sold.add_listed(product, f"no. {product}", "", pieces, Money(Decimal(5), "EUR"))

    sold.add_orders(orders, lines_of, add_line)
    return sold


def order(*lines: dict[str, Any], age: int = 1, **members: Any) -> dict[str, Any]:
    return {"id": 1, "age": age, "lines": list(lines), **members}


def test_pieces_are_added_up_and_only_late_orders_are_listed() -> None:
    early = order({"product": 7, "pieces": 9, "variation": 71}, age=20)
    sold = added(order({"product": 7, "pieces": 2}, {"product": 8, "pieces": 3}), early)
    assert (sold.pieces, sold.of_variations) == ({7: 11, 8: 3}, {71: 9})
    assert sold.best(1) == [7]
    listed = {s.labels["product_id"]: s.value for s in sold.listed_samples()[1::2]}
    assert listed == {"8": 3, "7": 2}


def test_orders_and_lines_that_cannot_be_read_are_left_out_and_noted() -> None:
    broken = order({"product": 7, "pieces": "many"}, {"product": 8, "pieces": 1})
    sold = added("no order", broken, order(lines=None))
    assert sold.pieces == {8: 1}
    assert len(sold.unreadable) == 3
    with pytest.raises(StoreError, match="not an object"):
        added("no order")


@pytest.mark.parametrize("odd", [{"age": SCARCE_DAYS + 1}, {"status": "draft"}])
def test_an_order_that_was_not_requested_makes_all_figures_doubtful(odd: dict[str, Any]) -> None:
    with pytest.raises(
        StoreError, match="the list of orders returns items that were not requested"
    ):
        added(order({"product": 7, "pieces": 2}, **odd))


def test_a_scarce_product_shows_how_many_were_sold_of_it_or_of_the_variation() -> None:
    sold = added(order({"product": 7, "pieces": 2, "variation": 71}))
    counted = [sold.scarce(n, "n", "", 0, is_out=True).sold for n in (7, 71, 72)]
    assert counted == [2, 2, 0]
