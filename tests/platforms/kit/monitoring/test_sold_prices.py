"""What sells for another price than usual is told by the lines of orders alone."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from store_exporter.platforms.kit.monitoring.sold_prices import SoldPrice, price_samples

HOUR = 3_600
DAY = 24 * HOUR
NOW = 100 * DAY


def sold(
    product: str, prices: Iterable[float], *, ago: float, currency: str = "EUR"
) -> list[SoldPrice]:
    """Lines of a product, an hour apart, the last of them so many seconds ago."""
    return [
        SoldPrice(product, Decimal(str(price)), currency, NOW - ago - number * HOUR)
        for number, price in enumerate(prices)
    ]


def counted(*lines: Iterable[SoldPrice]) -> dict[str, float]:
    found = price_samples([line for each in lines for line in each], NOW)
    return {sample.labels["price"]: sample.value for sample in found}


def past(*products: str, price: float = 10) -> list[SoldPrice]:
    """Twelve earlier orders of each product."""
    return [line for product in products for line in sold(product, [price] * 12, ago=3 * DAY)]


def test_products_are_counted_by_how_their_price_differs_from_their_earlier_orders() -> None:
    now = [
        *sold("same", [10, 10.5], ago=HOUR),
        *sold("cheap", [1], ago=HOUR),
        *sold("dear", [100], ago=HOUR),
        *sold("little", [8.1], ago=HOUR),
    ]
    found = counted(now, past("same", "cheap", "dear", "little"))
    assert found == {"usual": 2, "lower": 1, "higher": 1}


def test_one_odd_order_in_the_past_or_now_changes_nothing() -> None:
    now = sold("a", [10, 1, 10], ago=HOUR)
    assert counted(now, past("a"), sold("a", [500], ago=5 * DAY)) == {
        "usual": 1,
        "lower": 0,
        "higher": 0,
    }


def test_what_has_no_two_earlier_orders_or_was_free_is_not_compared() -> None:
    free, new = past("free", price=0), sold("new", [10], ago=3 * DAY)
    now = [*sold("free", [5], ago=HOUR), *sold("new", [1], ago=HOUR)]
    assert counted(now, free, new) == {}
    assert counted() == {}


def test_prices_in_two_currencies_are_not_compared() -> None:
    now = sold("a", [1500], ago=HOUR, currency="JPY")
    assert counted(now, past("a")) == {}


def test_in_a_busy_shop_the_newest_quarter_is_compared_with_the_rest_of_the_same_day() -> None:
    lines = sold("a", [1, 1, *[10] * 10], ago=60)
    lines = [line._replace(when=NOW - 60 * number) for number, line in enumerate(lines)]
    assert counted(lines)["lower"] == 1
