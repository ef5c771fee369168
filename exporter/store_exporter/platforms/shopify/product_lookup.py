"""Which product or variant an id or a SKU names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...errors import StoreError
from ...net.plans import Plan
from ...spec.results import Product
from ..kit import products
from ..kit.fields import Fields
from ..kit.products import Offer
from . import models
from .api import Api
from .ids import gid

LOOKUP = ("admin VariantsByQuery", "admin ProductById", "admin VariantById")
_VARIANTS = 100


def quoted(value: str) -> str:
    """Return a value for Shopify's search syntax, in which quotation marks make a phrase."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find(api: Api, product: int | str) -> Plan[Offer]:
    """Return the product or variant that an id or SKU names.

    Raises:
        StoreError: not_found.
    """
    return products.find(product, partial(_by_sku, api), partial(_by_id, api))


def _by_sku(api: Api, sku: str) -> Plan[Offer | None]:
    """Find a variant. A search shows only the name of its product."""
    data = yield from api.admin.ask("VariantsByQuery", {"query": f"sku:{quoted(sku)}"}, first=10)
    variant = products.of_sku(data.nodes("productVariants"), sku)
    return None if variant is None else _offer(api, variant, data, whole=False)


def _offer(api: Api, variant: Fields, data: Fields, *, whole: bool) -> Offer:
    found = models.sold(variant, variant.child("product"), _currency(data))
    return Offer(found, partial(_siblings, api, found), whole)


def _by_id(api: Api, identifier: int) -> Plan[Offer | None]:
    """Find the product or the variant with an id; the two have numbers of their own."""
    return (yield from _product(api, identifier)) or (yield from _variant(api, identifier))


def _product(api: Api, identifier: int) -> Plan[Offer | None]:
    """Find a product.

    Raises:
        StoreError: response_too_large, it has more variants than one answer shows.
    """
    asked = {"id": gid("Product", identifier), "variants": _VARIANTS}
    data = yield from api.admin.ask("ProductById", asked)
    if not data.has("product"):
        return None
    product = data.child("product")
    rows = product.child("variants")
    if rows.child("pageInfo").flag("hasNextPage"):
        raise StoreError("response_too_large", f"there are more than {_VARIANTS} variants")
    variants = [models.sold(row, product, _currency(data)) for row in rows.children("nodes")]
    found = models.product(product, variants)
    return Offer(found, partial(_known, () if found.type == "simple" else variants))


def _variant(api: Api, identifier: int) -> Plan[Offer | None]:
    data = yield from api.admin.ask("VariantById", {"id": gid("ProductVariant", identifier)})
    if not data.has("productVariant"):
        return None
    return _offer(api, data.child("productVariant"), data, whole=True)


def details(api: Api, product: int | str) -> Plan[Product]:
    """Return a product or variant with what a search by SKU does not show.

    Raises:
        StoreError: not_found.
    """
    found = yield from find(api, product)
    if not found.whole:
        ask = _product if found.product.parent_id is None else _variant
        found = (yield from ask(api, found.product.id)) or found
    return found.product


def _known(variants: Sequence[Product]) -> Plan[Sequence[Product]]:
    yield from ()
    return variants


def _siblings(api: Api, found: Product) -> Plan[Sequence[Product]]:
    """Return the variants of the product that a variant is of."""
    if found.parent_id is None:
        return ()
    product = yield from _product(api, found.parent_id)
    if product is None:
        raise StoreError("not_found", "the product is gone")
    return (yield from product.variations())


def _currency(data: Fields) -> str:
    return data.child("shop").currency("currencyCode")
