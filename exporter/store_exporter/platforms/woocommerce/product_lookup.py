"""Finds the product that an id or SKU names, its variations, and categories."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import partial

from ...errors import StoreError
from ...net.plans import Plan
from ..kit.operations import arguments, products
from ..kit.reading.fields import Fields
from ..kit.reading.lists import Rows
from . import facts
from .api import ANALYTICS, PAGE, V3, Api
from .reading import product_results

_EXCLUDING = re.compile(r"(?<![^\s\",+])-+")
LOOKUP = ("GET /wc/v3/products?sku=", "GET /wc/v3/products/{id}", facts.SETTINGS)


def find_product(api: Api, product: int | str) -> Plan[Fields]:
    """Return the product or variation that an id or SKU names.

    Raises:
        StoreError: not_found.
    """
    return products.find(product, partial(_by_sku, api), partial(_by_id, api))


def _by_sku(api: Api, sku: str) -> Plan[Fields | None]:
    if sku == "0":
        return (yield from _by_sku_zero(api))
    query = {"sku": sku, "status": "publish"}
    rows = yield from api.rows(f"{V3}/products", query, limit=PAGE)
    yield from facts.normalize_prices(api, rows.items)
    return products.matching_sku(rows.objects(f"product {sku}"), sku)


def _by_sku_zero(api: Api) -> Plan[Fields | None]:
    """Find the SKU 0: PHP takes it for no SKU, so a search for it lists everything."""
    for path in (f"{V3}/products", f"{ANALYTICS}/variations"):
        query = {"status": "publish", "_fields": "id,sku"}
        rows = yield from api.rows(path, query)
        for row in rows.items:
            if isinstance(row, dict) and (found := Fields(row, "product 0")).text_or("sku") == "0":
                return (yield from _by_id(api, found.identifier()))
    return None


def _by_id(api: Api, product: int) -> Plan[Fields | None]:
    body = yield from api.get(f"{V3}/products/{product}")
    yield from facts.normalize_prices(api, [body])
    found = Fields(body, f"product {product}")
    if found.identifier() != product:
        raise StoreError(
            "invalid_response", f"the response to a request for product {product} has another"
        )
    # The key also sees products that are drafts, private or in the trash; shoppers do not.
    return found if found.text("status") == "publish" else None


def children(api: Api, parent_id: int) -> Plan[Rows]:
    """Return the published variations of a product."""
    path = f"{V3}/products/{parent_id}/variations"
    rows = yield from api.rows(path, {"status": "publish"})
    yield from facts.normalize_prices(api, rows.items)
    for row in rows.items:
        if isinstance(row, dict):
            # Lists before WooCommerce 9.0 lack the type, and before 8.3 all three.
            row.setdefault("type", "variation")
            row.setdefault("parent_id", parent_id)
            variation = Fields(row, "variation")
            options = variation.optional_items("attributes", lambda one: one.text_or("option"))
            # As WooCommerce forms it.
            row.setdefault("name", ", ".join(options))
    return rows


def find_variation(
    api: Api, product: int, options: Mapping[str, str]
) -> Plan[tuple[int, dict[str, str]] | None]:
    """Return the only variation with some options, and those of them that it leaves open.

    Options are compared as people read them, without case. The open ones are returned as the
    product has them. A variation is found if it has the options itself.
    """
    given = {name.casefold(): option.casefold() for name, option in options.items()}
    named = yield from find_product(api, product)
    parent = named.identifier_if_any("parent_id")
    rows = (yield from children(api, product)).objects("variation") if parent is None else [named]
    fixed = {row.identifier(): _read_alike(row) for row in rows}
    found = [one for one, own in fixed.items() if own.keys() <= given.items()]
    if len(found) != 1:
        return None
    (variation,) = found
    others = given.keys() - {name for name, _ in fixed[variation]}
    if others and parent is not None:
        named = yield from find_product(api, parent)
    open_ones = {one: pair for one, pair in _read_alike(named).items() if one[0] in others}
    return variation, dict(open_ones[one] for one in given.items() if one in open_ones)


def _read_alike(fields: Fields) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the options of a product or variation, each with its name, by both without case."""
    rows = fields.optional_items("attributes", product_results.read_attribute)
    pairs = ((name, option) for name, options in rows for option in options if option)
    return {(name.casefold(), option.casefold()): (name, option) for name, option in pairs}


def wanted_words(words: str | None) -> str | None:
    """Return words to search for without the signs by which WordPress would exclude some of them.

    It leaves out what contains a word that begins with a minus, as `-40` may in a name.
    """
    including = _EXCLUDING.sub("", words or "")
    return including if including.strip(' ",+') else words


def category_id(api: Api, category: int | str) -> Plan[int]:
    """Return the id of a category given by id, slug or name."""
    if isinstance(category, int):
        return category
    wanted = arguments.text(category, "category")
    # WordPress stores names as HTML, quotes excepted, and searches in that.
    for params in ({"slug": wanted}, {"search": html.escape(wanted, quote=False)}):
        rows = yield from api.rows(f"{V3}/products/categories", params, limit=PAGE)
        for row in rows.objects("category"):
            names = {row.text_or("slug").casefold(), row.text_or("name").casefold()}
            if wanted.casefold() in names:
                return row.identifier()
    if (number := arguments.identifier_in(wanted)) is None:
        raise StoreError("not_found", f"there is no category {wanted}")
    return number
