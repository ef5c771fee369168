"""What is in a simulated shop when it opens: the assortment of the recorded store."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from .answers import Document
from .shop import Shop

KINDS = ("Valve", "Hose", "Seal", "Pump")
_CATEGORIES = {15: "Uncategorized", 16: "Pumps", 17: "Valves", 18: "Hoses", 19: "Seals"}
_CATEGORY_OF = {"Pump": 16, "Valve": 17, "Hose": 18, "Seal": 19}
_LOW = {4: 3, 5: 3, 6: 2, 7: 3}
_EMPTY = (1, 2, 3)
_VOLTAGES = (("12V", "200", 0), ("24V", "220", 4), ("230V", "240", 8))
# The shares of the recorded store's 66 orders.
_STATUSES = (
    ["completed"] * 18
    + ["processing"] * 12
    + ["cancelled"] * 7
    + ["on-hold", "refunded", "failed", "checkout-draft"] * 6
    + ["pending"] * 5
)


def fill(shop: Shop, *, seed: int, products: int, customers: int, orders: int) -> None:
    """Stock the shop.

    Args:
        shop: the shop, which should be empty.
        seed: of everything that is random.
        products: simple products; two variable products of three variations come on top. The
            first three are out of stock and the next four low, as in the recorded store.
        customers: registered customers, `cust1@example.test` and so on.
        orders: orders of the last weeks, checkout drafts included.
    """
    random = Random(seed)
    opened = shop.clock() - 86400 * 60
    for number, name in _CATEGORIES.items():
        _category(shop, number, name)
    for index in range(1, products + 1):
        _simple(shop, index, opened, random)
    for index in (1, 2):
        _variable(shop, index, opened)
    for index in range(1, customers + 1):
        _customer(shop, index, opened)
    _reviews(shop, opened)
    shop.add_coupon("save10")
    shop.add_coupon("welcome5", "5.00", discount_type="fixed_cart", minimum_amount="50.00")
    shop.add_coupon("old20", "20.00", expires=1704067200)
    shop.add_coupon("once", "50.00", usage_limit=1, usage_count=1)
    for index in range(orders):
        _order(shop, index, customers, random)


def _category(shop: Shop, number: int, name: str) -> None:
    shop.categories[number] = shop.templates.get(
        "category", id=number, name=name, slug=name.lower(), count=0
    )


def _categories(shop: Shop, number: int) -> list[Document]:
    category = shop.categories[number]
    category["count"] += 1
    return [{name: category[name] for name in ("id", "name", "slug")}]


def _simple(shop: Shop, index: int, opened: float, random: Random) -> None:
    kind = KINDS[(index - 1) % len(KINDS)]
    name, slug = f"Part {index} {kind}", f"part-{index}-{kind.lower()}"
    regular = Decimal("7.5") * index + 5
    price = regular * Decimal("0.8") if index % 30 == 0 else regular
    quantity = 0 if index in _EMPTY else _LOW.get(index, random.randint(20, 80))
    add_product(
        shop,
        9 + index,
        opened + index,
        name=name,
        slug=slug,
        sku=f"SKU-{index:03d}",
        price=plain(price),
        regular_price=plain(regular),
        sale_price=plain(price) if price != regular else "",
        on_sale=price != regular,
        description=f"<p>Description of part {index}</p>\n",
        categories=_categories(shop, _CATEGORY_OF[kind]),
        stock_quantity=quantity,
        stock_status="instock" if quantity else "outofstock",
        total_sales=0,
    )


def add_product(shop: Shop, number: int, created: float, **members: Any) -> Document:
    """Put a simple product into the assortment and return it; members are the API's."""
    members.setdefault("slug", f"product-{number}")
    members.setdefault("average_rating", "0.00")
    members.setdefault("rating_count", 0)
    product = shop.templates.get("product", id=number, **members)
    product["permalink"] = f"{shop.base}/product/{product['slug']}/"
    shop.stamp(product, "date_created", created)
    shop.stamp(product, "date_modified", created)
    shop.products[number] = product
    return product


def _variable(shop: Shop, index: int, opened: float) -> None:
    number = 1000 * index
    children = [number + offset for offset in range(1, len(_VOLTAGES) + 1)]
    product = shop.templates.get(
        "variable", id=number, name=f"Motor {index}", slug=f"motor-{index}", sku=f"MOTOR-{index}"
    )
    product.update(
        permalink=f"{shop.base}/product/motor-{index}/",
        variations=children,
        categories=_categories(shop, 15),
    )
    shop.stamp(product, "date_created", opened)
    shop.stamp(product, "date_modified", opened)
    shop.products[number] = product
    for child, (volts, price, quantity) in zip(children, _VOLTAGES, strict=True):
        variation = shop.templates.get(
            "variation", id=child, parent_id=number, name=volts, sku=f"MOTOR-{index}-{volts}"
        )
        variation.update(
            price=price,
            regular_price=price,
            stock_quantity=quantity,
            stock_status="instock" if quantity else "outofstock",
            permalink=f"{product['permalink']}?attribute_voltage={volts}",
            attributes=[{"id": 0, "name": "Voltage", "slug": "voltage", "option": volts}],
        )
        shop.stamp(variation, "date_created", opened)
        shop.stamp(variation, "date_modified", opened)
        shop.variations[child] = variation


def _customer(shop: Shop, index: int, opened: float) -> None:
    number = index + 1
    customer = shop.templates.get(
        "customer",
        id=number,
        email=f"cust{index}@example.test",
        first_name=f"First{index}",
        last_name=f"Last{index}",
        username=f"cust{index}",
        is_paying_customer=True,
    )
    shop.stamp(customer, "date_created", opened)
    shop.stamp(customer, "date_modified", opened)
    shop.customers[number] = customer


def _reviews(shop: Shop, opened: float) -> None:
    for product in [p for p in shop.products.values() if p["type"] == "simple"][9:12]:
        for reviewer, rating in ((1, 4), (2, 5)):
            review = shop.templates.get(
                "review",
                id=shop.next_id(),
                product_id=product["id"],
                product_name=product["name"],
                product_permalink=product["permalink"],
                reviewer=f"Reviewer {reviewer}",
                reviewer_email=f"r{reviewer}@ex.test",
                review=f"<p>Review {reviewer} for {product['id']}</p>\n",
                rating=rating,
            )
            shop.stamp(review, "date_created", opened)
            shop.reviews[review["id"]] = review
        product.update(average_rating="4.50", rating_count=2)


def _order(shop: Shop, index: int, customers: int, random: Random) -> None:
    sold = [p for p in shop.everything_sold() if p["stock_quantity"] > 10]
    lines = [
        (item["id"], random.randint(1, 3))
        for item in random.sample(sold, k=min(len(sold), random.randint(1, 2)))
    ]
    stocks = {number: shop.item(number) for number, _ in lines}
    before = {number: item["stock_quantity"] for number, item in stocks.items() if item}
    status = random.choice(_STATUSES)
    age = 3600 * 11 * (index + 1)
    # WooCommerce deletes drafts of the checkout after a day.
    created = shop.clock() - (age % 86400 if status == "checkout-draft" else age)
    order = shop.new_order(
        "completed" if status == "refunded" else status,
        email=f"cust{random.randint(1, max(customers, 1))}@example.test",
        lines=lines,
        created=created,
    )
    if status == "refunded":
        shop.refund(order["id"], reason="Customer request", when=created + 3600)
    shop.stamp(shop.orders[order["id"]], "date_modified", min(created + 3600, shop.clock()))
    # The stock above is what was left after these orders.
    for number, quantity in before.items():
        shop.set_stock(number, quantity)


def plain(value: Decimal) -> str:
    """Return a price as products show it: without the zeros at the end."""
    return f"{value.normalize():f}"
