"""Which product or variant an id or a SKU names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ...errors import StoreError
from ...net.plans import Plan
from ..kit import products
from ..kit.fields import Fields
from .api import Api
from .ids import gid, number

_VARIANTS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What an id or SKU names: a product, and one of its variants where that was meant."""

    product: Fields
    variant: Fields | None
    currency: str


def quoted(value: str) -> str:
    """Return a value for Shopify's search syntax, in which quotation marks make a phrase."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find(api: Api, product: int | str) -> Plan[Found]:
    """Return the product or variant that an id or SKU names.

    Raises:
        StoreError: not_found.
    """
    return products.find(product, partial(_by_sku, api), partial(_by_id, api))


def _by_sku(api: Api, sku: str) -> Plan[Found | None]:
    data = yield from api.admin.ask("VariantsByQuery", {"query": f"sku:{quoted(sku)}"}, first=10)
    variant = products.of_sku(data.child("productVariants").children("nodes"), sku)
    if variant is None:
        return None
    return Found(variant.child("product"), variant, _currency(data))


def _by_id(api: Api, identifier: int) -> Plan[Found | None]:
    """Return the product or the variant with an id; the two have numbers of their own."""
    data = yield from api.admin.ask(
        "ProductById", {"id": gid("Product", identifier), "variants": _VARIANTS}
    )
    if data.has("product"):
        return Found(data.child("product"), None, _currency(data))
    data = yield from api.admin.ask("VariantById", {"id": gid("ProductVariant", identifier)})
    if data.has("productVariant"):
        variant = data.child("productVariant")
        return Found(variant.child("product"), variant, _currency(data))
    return None


def _currency(data: Fields) -> str:
    return data.child("shop").currency("currencyCode")


def variants_of(api: Api, found: Found) -> Plan[list[Fields]]:
    """Return all variants of a product, which a search result does not carry."""
    product = found.product
    if not product.has("variants"):
        whole = yield from _by_id(api, number(product))
        if whole is None:
            raise StoreError("not_found", "the product is gone")
        product = whole.product
    connection = product.child("variants")
    if connection.child("pageInfo").flag("hasNextPage"):
        raise StoreError("response_too_large", f"there are more than {_VARIANTS} variants")
    return list(connection.children("nodes"))


def only_variant(api: Api, found: Found) -> Plan[Fields | None]:
    """Return the variant that was meant: the one named, or a product's only one."""
    if found.variant is not None:
        return found.variant
    if not found.product.flag("hasOnlyDefaultVariant"):
        return None
    variants = yield from variants_of(api, found)
    return variants[0] if variants else None
