"""The clients that applications use: the same operations, blocking and asynchronous."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Unpack

import httpx

from ...stores.model import Secret
from ..kit import clients
from ..kit.clients import AsyncClient, BlockingClient
from ..kit.described import Awaited, Blocking
from .api import Api
from .auth import App
from .connection import Connection
from .operations import cart, orders, products, search, shop, unsupported
from .versions import DEFAULT


class Options(clients.Options, total=False):
    """What both clients may be given by keyword; `org` must be."""

    api_version: str
    """Of both APIs, such as 2026-10."""


def _connection(
    url: str, admin: str | Secret | App, storefront: str | Secret | None, options: Options
) -> Connection:
    version = options.get("api_version", DEFAULT)
    return Connection(url, admin, storefront, version=version, **clients.clocks(options))


class Shopify(BlockingClient[Api]):
    """A Shopify shop, for blocking code. One client serves all threads of an application.

    Args:
        url: the shop's own address, such as `https://shop.myshopify.com`.
        admin: an `App` of the Dev Dashboard, or an Admin API access token, `shpat_…`.
        storefront_token: of the Storefront API, public or private (`shpat_…`); without one,
            searching, paying and carts are not to be had.
        transport: sends the requests in place of a pool of connections; for tests.
        sleep: waits between repetitions; for tests.
        options: `Options` has them; `org` is required.

    Raises:
        ValueError: `url` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        admin: str | Secret | App,
        storefront_token: str | Secret | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        connection = _connection(url, admin, storefront_token, options)
        super().__init__(connection, options, transport, sleep)

    search_products = Blocking(search.search_products)
    get_product_details = Blocking(products.get_product_details)
    check_stock = Blocking(products.check_stock)
    get_stock_quantity = Blocking(products.get_stock_quantity)
    check_price = Blocking(products.check_price)
    get_product_variations = Blocking(products.get_product_variations)
    get_product_categories = Blocking(products.get_product_categories)
    get_low_stock_products = Blocking(products.get_low_stock_products)
    check_order = Blocking(orders.check_order)
    get_customer_orders = Blocking(orders.get_customer_orders)
    get_order_notes = Blocking(orders.get_order_notes)
    check_refund_status = Blocking(orders.check_refund_status)
    cancel_order = Blocking(orders.cancel_order)
    get_shipping_info = Blocking(shop.get_shipping_info)
    get_shipping_methods = Blocking(shop.get_shipping_methods)
    get_payment_methods = Blocking(shop.get_payment_methods)
    validate_coupon = Blocking(shop.validate_coupon)
    get_customer_insights = Blocking(shop.get_customer_insights)
    get_sales_report = Blocking(shop.get_sales_report)
    add_to_cart = Blocking(cart.add_to_cart)
    get_cart = Blocking(cart.get_cart)
    remove_from_cart = Blocking(cart.remove_from_cart)
    update_cart_quantity = Blocking(cart.update_cart_quantity)
    apply_coupon_to_cart = Blocking(cart.apply_coupon_to_cart)
    apply_discount = Blocking(cart.apply_coupon_to_cart)
    lookup_order = Blocking(orders.check_order)
    get_product_reviews = Blocking(unsupported.get_product_reviews)


class AsyncShopify(AsyncClient[Api]):
    """A Shopify shop, for asyncio: arguments and methods are those of `Shopify`.

    Its methods are to be awaited, and so is `sleep`.
    """

    def __init__(
        self,
        url: str,
        admin: str | Secret | App,
        storefront_token: str | Secret | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        connection = _connection(url, admin, storefront_token, options)
        super().__init__(connection, options, transport, sleep)

    search_products = Awaited(search.search_products)
    get_product_details = Awaited(products.get_product_details)
    check_stock = Awaited(products.check_stock)
    get_stock_quantity = Awaited(products.get_stock_quantity)
    check_price = Awaited(products.check_price)
    get_product_variations = Awaited(products.get_product_variations)
    get_product_categories = Awaited(products.get_product_categories)
    get_low_stock_products = Awaited(products.get_low_stock_products)
    check_order = Awaited(orders.check_order)
    get_customer_orders = Awaited(orders.get_customer_orders)
    get_order_notes = Awaited(orders.get_order_notes)
    check_refund_status = Awaited(orders.check_refund_status)
    cancel_order = Awaited(orders.cancel_order)
    get_shipping_info = Awaited(shop.get_shipping_info)
    get_shipping_methods = Awaited(shop.get_shipping_methods)
    get_payment_methods = Awaited(shop.get_payment_methods)
    validate_coupon = Awaited(shop.validate_coupon)
    get_customer_insights = Awaited(shop.get_customer_insights)
    get_sales_report = Awaited(shop.get_sales_report)
    add_to_cart = Awaited(cart.add_to_cart)
    get_cart = Awaited(cart.get_cart)
    remove_from_cart = Awaited(cart.remove_from_cart)
    update_cart_quantity = Awaited(cart.update_cart_quantity)
    apply_coupon_to_cart = Awaited(cart.apply_coupon_to_cart)
    apply_discount = Awaited(cart.apply_coupon_to_cart)
    lookup_order = Awaited(orders.check_order)
    get_product_reviews = Awaited(unsupported.get_product_reviews)
