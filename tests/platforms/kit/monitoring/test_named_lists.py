"""Lists by name are short, in the right order, and fit for labels."""

from __future__ import annotations

from decimal import Decimal

import pytest

from store_exporter.metrics.catalogue import CATALOGUE, business, lists, metrics_of
from store_exporter.metrics.families import Sample
from store_exporter.net.marks import GENERIC
from store_exporter.platforms.kit.monitoring import named_lists
from store_exporter.platforms.kit.monitoring.named_lists import (
    AbandonedCart,
    ProductName,
    ScarceProduct,
    SoldLine,
)
from store_exporter.platforms.woocommerce.marks import MARKS
from store_exporter.spec.money import Money


def of(samples: list[Sample], name: str) -> list[Sample]:
    return [sample for sample in samples if sample.metric is CATALOGUE[name]]


def cart(number: int, amount: str, currency: str = "EUR", since: float = 0) -> AbandonedCart:
    return AbandonedCart(str(number), Money(Decimal(amount), currency), since)


def item(number: int, name: str = "Pump", sku: str = "P-1") -> ProductName:
    return ProductName.of(number, name, sku, GENERIC)


def test_the_ten_carts_that_are_worth_most_are_listed() -> None:
    found = named_lists.carts(cart(number, f"{number}.50") for number in range(1, 31))
    values = of(found, "store_listed_cart_value")
    assert [sample.labels["cart"] for sample in values] == [str(n) for n in range(30, 20, -1)]
    assert values[0].value == 30.5
    assert len(of(found, "store_listed_cart_since_timestamp_seconds")) == 10
    assert of(found, "store_listed")[0].value == 10


def test_carts_of_each_currency_have_their_turn() -> None:
    yen = [cart(number, f"{number}000", "JPY") for number in range(1, 10)]
    euro = [cart(number, f"{number}", "EUR") for number in range(101, 120)]
    values = of(named_lists.carts(yen + euro), "store_listed_cart_value")
    assert [sample.labels["currency"] for sample in values] == ["EUR", "JPY"] * 5
    assert values[0].labels["cart"] == "119"
    assert values[1].labels["cart"] == "9"


def test_an_empty_list_is_known_to_be_empty() -> None:
    for found in (named_lists.carts([]), named_lists.scarce([]), named_lists.best_sellers([])):
        assert [(sample.metric, sample.value) for sample in found] == [(lists.LISTED, 0)]


def test_what_sells_and_is_out_is_more_urgent_than_what_is_low_and_that_than_what_rests() -> None:
    rows = [
        ScarceProduct(item(1), 0, True, 0),
        ScarceProduct(item(2), 1, False, 0),
        ScarceProduct(item(3), 2, False, 9),
        ScarceProduct(item(4), 0, True, 1),
        ScarceProduct(item(5), -3, True, 7),
    ]
    shown = of(named_lists.scarce(rows), "store_listed_scarce_quantity")
    assert [sample.labels["product_id"] for sample in shown] == ["5", "4", "3", "2", "1"]
    assert [sample.labels["stock"] for sample in shown] == ["out", "out", "low", "low", "out"]
    assert shown[0].value == -3


def test_best_sellers_are_added_up_by_product_and_currency() -> None:
    lines = [
        SoldLine(item(1, sku="P-1-red"), 2, Money(Decimal("10.10"), "EUR")),
        SoldLine(item(1, sku="P-1-blue"), 1, Money(Decimal("5.05"), "EUR")),
        SoldLine(item(1), 1, Money(Decimal(900), "JPY")),
        SoldLine(item(2, "Hose", "H-2"), 9, Money(Decimal(1), "EUR")),
    ]
    found = named_lists.best_sellers(lines)
    sold = [(s.labels["product_id"], s.value) for s in of(found, "store_listed_seller_sold")]
    assert sold == [("2", 9), ("1", 3), ("1", 1)]
    value = of(found, "store_listed_seller_value")[1]
    assert value.value == pytest.approx(15.15)
    assert value.labels == {"product_id": "1", "product": "Pump", "sku": "", "currency": "EUR"}
    assert of(found, "store_listed")[0].value == 2


def test_a_store_has_no_more_series_of_lists_than_is_said() -> None:
    codes = [f"X{number:02d}" for number in range(30)]
    carts = [cart(n, f"{n}", code) for n in range(1, 40) for code in codes]
    scarce = [ScarceProduct(item(n), 0, True, n) for n in range(1, 40)]
    lines = [SoldLine(item(n), 1, Money(Decimal(1), code)) for n in range(1, 40) for code in codes]
    found = [
        *named_lists.carts(carts),
        *named_lists.scarce(scarce),
        *named_lists.best_sellers(lines),
    ]
    assert len(found) == 83
    own = {name for metric in metrics_of(lists) for name in metric.labels}
    assert own - set(business.CUSTOMERS.labels) == {
        *("list", "cart", "product_id", "product", "sku", "stock", "currency")
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<b>Caf\u00e9</b> &amp; more", "Caf\u00e9 & more"),
        ("evil\u202egnp.exe\u2066", "evil gnp.exe"),
        ("two\r\nlines\x1b[31m\x00", "two lines [31m"),
        ("\u067e\u0645\u067e\u200c\u0622\u0628", "\u067e\u0645\u067e\u200c\u0622\u0628"),
        ("key ck_0123456789abcdef", "key <masked>"),
        ("x" * 300, "x" * 79 + "\u2026"),
    ],
)
def test_names_are_cleaned_and_cut(name: str, shown: str) -> None:
    found = ProductName.of(7, name, name, MARKS)
    assert found.name == shown
    assert len(found.sku) <= 40
