"""`wc/v3` about what is sold: products, variations, categories and reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from .answers import ApiError, Call, Document, Reply, invalid_parameter, link, paged
from .dates import changed_within
from .shop import Shop

_ROOT = "/wp-json/wc/v3"
_ORDERS: dict[str, Callable[[Document], Any]] = {
    "date": lambda item: (item["date_created_gmt"], item["id"]),
    "modified": lambda item: (item["date_modified_gmt"], item["id"]),
    "id": lambda item: item["id"],
    "title": lambda item: (item["name"].lower(), item["id"]),
    "price": lambda item: Decimal(item["price"] or 0),
    "popularity": lambda item: (item.get("total_sales", 0), item["id"]),
    "rating": lambda item: Decimal(item.get("average_rating", "0")),
}


def _shown(shop: Shop, call: Call, item: Document) -> Document:
    if item["type"] == "variation":
        parent = f"{_ROOT}/products/{item['parent_id']}"
        links = link(shop.base, f"{parent}/variations/{item['id']}", up=parent)
    else:
        links = link(shop.base, f"{_ROOT}/products/{item['id']}")
    return {**item, **shop.habits.prices(call, item), "_links": links}


def _price(call: Call, name: str) -> Decimal | None:
    raw = call.params.get(name, "")
    if not raw:
        return None
    try:
        return Decimal(raw)
    except InvalidOperation:
        # WordPress casts what it cannot read to zero rather than refusing it.
        return Decimal(0)


def _costs(shop: Shop, call: Call, item: Document) -> bool:
    """Whether a price is in the range: a product with variations has the prices of all of them."""
    low, high = _price(call, "min_price"), _price(call, "max_price")
    sold = [shop.variations[number] for number in item.get("variations", ())] or [item]
    prices = [Decimal(one["price"] or 0) for one in sold]
    return any(
        (low is None or price >= low) and (high is None or price <= high) for price in prices
    )


def _matches(shop: Shop, call: Call, item: Document) -> bool:
    categories = {str(c["id"]) for c in item.get("categories", ())}
    search = call.params.get("search", "").lower()
    text = f"{item['name']} {item['description']} {item.get('short_description', '')}".lower()
    stock = call.values("stock_status")
    wanted = call.values("category")
    return (
        all(word in text for word in search.split())
        and _costs(shop, call, item)
        and (not stock or item["stock_status"] in stock)
        and (not wanted or bool(categories & set(wanted)))
        and call.params.get("type", item["type"]) == item["type"]
        and item["type"] not in call.values("exclude_types")
        and call.params.get("status", "any") in ("any", item["status"])
    )


def _sorted(call: Call, items: Iterable[Document]) -> list[Document]:
    name = call.params.get("orderby", "date")
    if name not in _ORDERS:
        reason = f"orderby is not one of {', '.join(_ORDERS)}."
        raise invalid_parameter("orderby", reason, "rest_not_in_enum")
    return sorted(items, key=_ORDERS[name], reverse=call.params.get("order", "desc") == "desc")


def products(shop: Shop, call: Call) -> Reply:
    """GET products: parents only, except that `sku` finds variations too."""
    items = list(shop.products.values())
    skus = call.params.get("sku", "").lower()
    # PHP takes the text 0 for no text.
    if skus and skus != "0":
        wanted = {*skus.split(","), skus}
        items = [
            item
            for item in (*shop.products.values(), *shop.variations.values())
            if item["sku"] and item["sku"].lower() in wanted
        ]
    ids = call.values("include")
    if ids:
        items = [item for item in items if str(item["id"]) in ids]
    passes = changed_within(shop, call)
    return _page(shop, call, [i for i in items if _matches(shop, call, i) and passes(i)])


def _page(shop: Shop, call: Call, kept: Iterable[Document]) -> Reply:
    reply = paged(call, _sorted(call, kept), shop.base)
    reply.body = [_shown(shop, call, item) for item in reply.body]
    return reply


def _invalid_id(status: int = 404) -> ApiError:
    return ApiError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def product(shop: Shop, call: Call, product_id: str) -> Reply:
    """GET, PUT, POST products/{id}; a variation is found here too."""
    item = shop.item(int(product_id))
    if item is None:
        raise _invalid_id(404 if call.method == "GET" else 400)
    if call.method != "GET":
        changes = {k: v for k, v in (call.body or {}).items() if k in item}
        if "stock_quantity" in changes:
            shop.set_stock(int(product_id), int(changes.pop("stock_quantity")))
        item.update(changes)
        shop.touch(item)
    return Reply(_shown(shop, call, item))


def variations(shop: Shop, call: Call, product_id: str) -> Reply:
    """GET products/{id}/variations."""
    parent = shop.products.get(int(product_id))
    if parent is None:
        raise _invalid_id()
    children = [shop.variations[number] for number in parent["variations"]]
    reply = _page(shop, call, [child for child in children if _matches(shop, call, child)])
    lacking = shop.habits.lacks_of_variations
    reply.body = [{k: v for k, v in row.items() if k not in lacking} for row in reply.body]
    return reply


def all_variations(shop: Shop, call: Call) -> Reply:
    """GET wc-analytics/variations, of every product."""
    ids = call.values("include")
    items = [v for v in shop.variations.values() if not ids or str(v["id"]) in ids]
    return _page(shop, call, [item for item in items if _matches(shop, call, item)])


def categories(shop: Shop, call: Call) -> Reply:
    """GET products/categories."""
    rows = sorted(shop.categories.values(), key=lambda c: c["name"])
    parent = call.params.get("parent")
    slug = call.params.get("slug")
    search = call.params.get("search", "").lower()
    kept = [
        {**row, "_links": link(shop.base, f"{_ROOT}/products/categories/{row['id']}")}
        for row in rows
        if (parent is None or str(row["parent"]) == parent)
        and (slug is None or row["slug"] == slug)
        and search in row["name"].lower()
    ]
    return paged(call, kept, shop.base)


def _review_links(shop: Shop, row: Document) -> Document:
    up = f"{_ROOT}/products/{row['product_id']}"
    return link(shop.base, f"{_ROOT}/products/reviews/{row['id']}", up=up)


def reviews(shop: Shop, call: Call) -> Reply:
    """GET products/reviews, newest first."""
    wanted = call.values("product")
    kept = [
        {**row, "_links": _review_links(shop, row)}
        for row in sorted(shop.reviews.values(), key=lambda r: -r["id"])
        if not wanted or str(row["product_id"]) in wanted
    ]
    return paged(call, kept, shop.base)
