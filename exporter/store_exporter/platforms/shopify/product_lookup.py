"""Finds the product or variant that an id or a SKU names."""

from __future__ import annotations

from ...errors import StoreError
from ...net.plans import Plan
from ...spec.results import Product
from ..kit.graphql.documents import page
from ..kit.operations import products
from ..kit.operations.products import FoundProduct
from ..kit.reading.fields import Fields
from ..kit.reading.lists import readable
from .api import Api
from .reading import ids, product_results
from .reading.ids import gid

LOOKUP = (
    *("admin VariantsByQuery", "admin ProductById", "admin ProductVariants", "admin VariantById"),
)
_NOT_ON_SALE = ("ARCHIVED", "DRAFT")
_MOST_PAGES = 20
"""Most pages of a search for a SKU that are read."""
_MOST_VARIANTS = 2048
"""Most variants of a product that Shopify allows."""


def quoted(value: str) -> str:
    """Return a value for Shopify's search syntax, in which quotation marks make a phrase."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Lookup(products.Lookup[Api]):
    """Finds products and variants in the Admin API."""

    def by_sku(self, sku: str) -> Plan[FoundProduct | None]:
        """Find a variant by its SKU, one on sale before others with the same SKU.

        A search finds SKUs that only contain it, too, and shows only the name of a product.

        Raises:
            StoreError: also response_too_large, it is not among the first thousand that are found.
        """
        query, after = f"sku:{quoted(sku)}", None
        for _ in range(_MOST_PAGES):
            variables = {"query": query, "after": after}
            data = yield from self.api.admin.ask("VariantsByQuery", variables, first=50)
            rows = list(data.nodes("productVariants"))
            rows.sort(key=lambda row: row.child("product").text_or("status") in _NOT_ON_SALE)
            variant = products.matching_sku(rows, sku)
            if variant is not None:
                return _offer(variant, data, whole=False)
            after = page(data.child("productVariants"), after).checked().after
            if after is None:
                return None
        raise StoreError("response_too_large", f"too many SKUs contain {sku[:40]}")

    def product(self, identifier: int) -> Plan[FoundProduct | None]:
        """Find a product by its id.

        More than a hundred variants are read page by page.
        """
        variables = {"id": gid("Product", identifier)}
        data = yield from self.api.admin.ask("ProductById", variables)
        if not data.has("product"):
            return None
        product = data.child("product")
        rows = product.child("variants")
        nodes = rows.listed("nodes")
        if rows.child("pageInfo").flag("hasNextPage"):
            nodes = yield from self.api.admin.all_nodes(
                "ProductVariants", _variants, variables, limit=_MOST_VARIANTS
            )

        def read(variant: Fields) -> Product:
            return product_results.sold(variant, product, ids.currency(data.child("shop")))

        variants, unreadable = readable(nodes, f"{rows.where}: nodes", read)
        found = product_results.product(product, variants)
        return FoundProduct(
            found, () if found.type == "simple" else variants, unreadable=unreadable
        )

    def variation(self, identifier: int) -> Plan[FoundProduct | None]:
        """Find a variant by its id."""
        variables = {"id": gid("ProductVariant", identifier)}
        data = yield from self.api.admin.ask("VariantById", variables)
        if not data.has("productVariant"):
            return None
        return _offer(data.child("productVariant"), data, whole=True)

    def details(self, product: int | str) -> Plan[Product]:
        """By the SKU of its only variant, the product itself."""
        return super().details(product)


def _variants(data: Fields) -> Fields:
    return data.child("product").child("variants")


def _offer(variant: Fields, data: Fields, *, whole: bool) -> FoundProduct:
    return FoundProduct(
        product_results.sold(variant, variant.child("product"), ids.currency(data.child("shop"))),
        None,
        whole,
    )
