"""Operations on products; `operations` explains what an entry is."""

from typing import TYPE_CHECKING, Annotated

from .operation import operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from .results import Category, Listing, LowStock, Price, Product, Review, Stock, StockQuantity

ProductId = Annotated[
    int | str, "Id (a number) of a product or variation, or SKU (a string) of one."
]
MostProducts = Annotated[int, "The most products to return."]
PageNumber = Annotated[
    int, "The page, from 1, with `limit` items on each; only the first 1,000 items can be reached."
]


class ProductOperations:
    """Operations on products."""

    @operation(
        errors=("invalid_input",),
        example='store.search_products("pump", max_price="300", in_stock=True)',
    )
    def search_products(
        self,
        query: Annotated[str | None, "Words to look for in name and description."] = None,
        *,
        category: Annotated[int | str | None, "Id, slug or name of a category."] = None,
        min_price: Annotated[
            "Decimal | float | str | None", "The lowest price, in the shop's currency."
        ] = None,
        max_price: Annotated[
            "Decimal | float | str | None", "The highest price, in the shop's currency."
        ] = None,
        in_stock: Annotated[
            bool | None, "True for products that can be bought now, False for the others."
        ] = None,
        attributes: Annotated[
            "Mapping[str, str] | None", "Options by the name of the attribute, such as Colour: red."
        ] = None,
        sort: Annotated[
            str | None,
            "newest, price, price_desc, popularity, rating or title; the platform's own order "
            "without it.",
        ] = None,
        limit: MostProducts = 10,
        page: PageNumber = 1,
    ) -> "Listing[Product]":
        """Search published products by words, category, price and availability."""

    @operation(errors=("not_found",), example='store.get_product_details("SKU-010")')
    def get_product_details(self, product: ProductId) -> "Product":
        """Return everything about one product or variation."""

    @operation(errors=("not_found",), example='store.check_stock("SKU-010").in_stock')
    def check_stock(self, product: ProductId) -> "Stock":
        """Return whether a product can be bought now.

        A product with variations is in stock if one of them is.
        """

    @operation(errors=("not_found",), example='store.get_stock_quantity("MOTOR-1").quantity')
    def get_stock_quantity(self, product: ProductId) -> "StockQuantity":
        """Return how many pieces of a product are left.

        For a product with variations: the total, and the number for each variation.
        """

    @operation(errors=("not_found",), example='store.check_price("SKU-010").price')
    def check_price(self, product: ProductId) -> "Price":
        """Return what a product costs.

        For a product with variations: the lowest and the highest price.
        """

    @operation(errors=("not_found",), example='store.get_product_variations("MOTOR-1")')
    def get_product_variations(self, product: ProductId) -> "Listing[Product]":
        """List the variations of a product, or of the product that a variation belongs to.

        A product without variations has an empty list.
        """

    @operation(errors=("not_found",), example="store.get_product_categories(parent=0)")
    def get_product_categories(
        self,
        parent: Annotated[
            int | str | None, "Id, slug or name of the parent category; 0 for the top level."
        ] = None,
    ) -> "Listing[Category]":
        """List product categories: all of them, or the direct children of one."""

    @operation(errors=("not_found",), example='store.get_product_reviews("SKU-010", limit=3)')
    def get_product_reviews(
        self,
        product: ProductId,
        limit: Annotated[int, "The most reviews to return."] = 10,
        min_rating: Annotated[
            int | None,
            "The lowest rating, from 1 to 5; without it, reviews without a rating are included.",
        ] = None,
    ) -> "Listing[Review]":
        """List the reviews of a product, newest first.

        Only approved reviews are listed. A variation has the reviews of its product.
        """

    @operation(example="store.get_low_stock_products(threshold=3)")
    def get_low_stock_products(
        self,
        threshold: Annotated[int, "Pieces at or below which stock is low."] = 5,
        limit: MostProducts = 20,
        category: Annotated[int | str | None, "Id, slug or name of a category."] = None,
    ) -> "Listing[LowStock]":
        """List products and variations with low stock, lowest first.

        The same threshold applies to all, whatever thresholds the shop has set itself. Products and
        variations whose stock the store does not count are left out.
        """
