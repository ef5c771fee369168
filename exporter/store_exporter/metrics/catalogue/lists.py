"""Lists of a store's abandoned carts, scarce products and best sellers, one by one, by name.

Each list is short and published as a whole, so an entry that leaves it disappears with the next
run. Series of these metrics come and go; their labels contain no customer data.
"""

from __future__ import annotations

from .health import STORE_LABELS
from .model import gauge

_CART = (*STORE_LABELS, "cart", "currency")
_SCARCE = (*STORE_LABELS, "product_id", "product", "sku", "stock")
_SELLER = (*STORE_LABELS, "product_id", "product", "sku", "currency")
_SOLD = "from the newest orders (see the platform's page); refunds are not subtracted"

LISTED = gauge(
    "store_listed",
    "Number of entries of a list: carts, scarce or best_sellers. 0 is an empty list; if the "
    "list is disabled (`lists: false`) or unknown, this metric is absent.",
    (*STORE_LABELS, "list"),
    "{item}",
)
CART_VALUE = gauge(
    "store_listed_cart_value",
    "Value of each of the ten most valuable abandoned checkouts, by the number that the shop's "
    "staff sees. With several currencies, each currency contributes in turn.",
    _CART,
    "{money}",
)
CART_SINCE = gauge(
    "store_listed_cart_since_timestamp_seconds",
    "When that checkout last changed, in Unix time. Its age as an abandoned checkout begins then.",
    _CART,
    "s",
)
SCARCE_QUANTITY = gauge(
    "store_listed_scarce_quantity",
    "Pieces in stock of each of the ten products and variations that most need stock: first "
    "those that are out and were sold in the last 30 days, then those that are low, then others "
    "that are out. Negative if oversold; 0 if the store does not count stock.",
    _SCARCE,
    "{piece}",
)
SCARCE_SOLD = gauge(
    "store_listed_scarce_sold",
    f"Pieces sold of that product or variation in the last 30 days, {_SOLD}.",
    _SCARCE,
    "{piece}",
)
SELLER_SOLD = gauge(
    "store_listed_seller_sold",
    f"Pieces sold of each of the ten best-selling products of the last seven days, {_SOLD}.",
    _SELLER,
    "{piece}",
)
SELLER_VALUE = gauge(
    "store_listed_seller_value",
    "Amount for which these pieces were sold in this currency, after discounts and without "
    "shipping. The platform's page says whether it includes tax.",
    _SELLER,
    "{money}",
)

LISTS = ("carts", "scarce", "best_sellers")
"""Values of the label `list`."""
MOST = 10
"""The most things on a list."""
MOST_ROWS = 2 * MOST
"""The most rows of best sellers; a product that is sold in several currencies has several."""
