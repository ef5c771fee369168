"""What can be done with a BigCommerce store: a plan for each operation."""

from __future__ import annotations

from store_exporter.net.plans import Plan
from store_exporter.platforms.kit.operations import products
from store_exporter.platforms.kit.operations.plans import Plans, plan
from store_exporter.platforms.kit.reading.fields import Fields
from store_exporter.spec.money import Money, Quantity
from store_exporter.spec.operations import Operations
from store_exporter.spec.results import Price, Stock, StockQuantity

from .api import Api

PRODUCTS = "/v3/catalog/products"
LOOKUP = ("GET /v3/catalog/products?sku=", "GET /v3/catalog/products/{id}")


def find_product(api: Api, product: int | str) -> Plan[Fields]:
    """Return the product that an id or SKU names.

    Raises:
        StoreError: not_found.
    """

    def by_sku(sku: str) -> Plan[Fields | None]:
        rows = yield from api.rows(PRODUCTS, {"sku": sku, "is_visible": "true"})
        return products.matching_sku(rows.objects(f"product {sku}"), sku)

    def by_id(number: int) -> Plan[Fields | None]:
        row = yield from api.get_object(f"{PRODUCTS}/{number}", f"product {number}")
        return row if row.identifier() == number and row.flag("is_visible") else None

    return products.find(product, by_sku, by_id)


def _left(row: Fields) -> Quantity | None:
    """Read what is left; None where the store does not count it for the product as a whole."""
    return row.quantity("inventory_level") if row.text("inventory_tracking") == "product" else None


@plan(Operations.check_stock, calls=LOOKUP)
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
    """A product that is out of stock can be bought nevertheless when it is on preorder."""
    row = yield from find_product(api, product)
    left, preorder = _left(row), row.text("availability") == "preorder"
    buyable = row.text("availability") == "available" and (left is None or left > 0)
    status = "in_stock" if buyable else "on_backorder" if preorder else "out_of_stock"
    return Stock(
        product_id=row.identifier(),
        sku=row.text_or("sku"),
        name=row.text("name"),
        in_stock=status != "out_of_stock",
        status=status,
        quantity=left,
        backorders_allowed=preorder,
    )


@plan(Operations.get_stock_quantity, calls=LOOKUP)
def get_stock_quantity(api: Api, product: int | str) -> Plan[StockQuantity]:
    """Variants that are counted one by one are not added up."""
    row = yield from find_product(api, product)
    return StockQuantity(row.identifier(), row.text_or("sku"), _left(row))


@plan(Operations.check_price, calls=(*LOOKUP, "GET /v2/store"))
def check_price(api: Api, product: int | str) -> Plan[Price]:
    """Amounts are those of the catalogue, before the price lists of customer groups."""
    row = yield from find_product(api, product)
    currency = yield from api.currency()
    regular = Money(row.decimal("price"), currency)
    # A product without a sale has a sale price of nought.
    sale = Money(row.decimal("sale_price"), currency)
    on_sale = 0 < sale.amount < regular.amount
    price = sale if on_sale else regular
    return Price(
        product_id=row.identifier(),
        sku=row.text_or("sku"),
        name=row.text("name"),
        price=price,
        highest=price,
        regular_price=regular,
        on_sale=on_sale,
    )


PLANS = Plans("BigCommerce", (__name__,), {}, otherwise="not written yet")
