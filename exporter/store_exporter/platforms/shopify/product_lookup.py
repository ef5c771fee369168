"""Which product or variant an id or a SKU names."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import StoreError
from ...net.plans import Plan
from ..kit import checks
from ..kit.fields import Fields
from .api import Api
from .ids import gid, number

PRODUCT = "Id (a number) of a product or variant, or SKU (a text) of a variant."
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

    A number is an id. A text is a SKU, or an id when no variant has that SKU and it consists of
    digits: SKUs may be numbers too.

    Raises:
        StoreError: not_found.
    """
    if isinstance(product, bool) or not isinstance(product, (int, str)):
        raise StoreError("invalid_request", "product is neither an id nor a SKU")
    if isinstance(product, str):
        sku = checks.text(product, "product")
        found = yield from _by_sku(api, sku)
        if found is not None:
            return found
        if not (sku.isascii() and sku.isdigit() and len(sku) < 18):
            raise StoreError("not_found", f"there is no product with the SKU {sku}")
        product = int(sku)
    found = yield from _by_id(api, product)
    if found is None:
        raise StoreError("not_found", f"there is no product {product}")
    return found


def _by_sku(api: Api, sku: str) -> Plan[Found | None]:
    """Return the variant of a SKU. The search ignores case; the exact one comes first."""
    data = yield from api.admin("VariantsByQuery", {"query": f"sku:{quoted(sku)}"}, first=10)
    variants = list(data.child("productVariants").children("nodes"))
    exact = [row for row in variants if row.text_or("sku") == sku]
    alike = [row for row in variants if row.text_or("sku").casefold() == sku.casefold()]
    for variant in exact + alike:
        return Found(variant.child("product"), variant, _currency(data))
    return None


def _by_id(api: Api, identifier: int) -> Plan[Found | None]:
    """Return the product or the variant with an id; the two have numbers of their own."""
    if identifier < 1:
        return None
    data = yield from api.admin(
        "ProductById", {"id": gid("Product", identifier), "variants": _VARIANTS}
    )
    if data.has("product"):
        return Found(data.child("product"), None, _currency(data))
    data = yield from api.admin("VariantById", {"id": gid("ProductVariant", identifier)})
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
