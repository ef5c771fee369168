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
from .connection import Connection
from .operations import cart, orders, products, sales, shop, stock


class Options(clients.Options, total=False):
    """What both clients may be given by keyword; `org` must be."""

    currency: str | None
    """Code of the shop's currency, which is otherwise asked for, once an hour."""
    credentials_in_query: bool
    """For hosts that strip the Authorization header; the key then stands in their logs."""


def _connection(url: str, key: str | Secret, secret: str | Secret, options: Options) -> Connection:
    return Connection(
        url,
        key,
        secret,
        currency=options.get("currency"),
        credentials_in_query=options.get("credentials_in_query", False),
        **clients.clocks(options),
    )


class WooCommerce(BlockingClient[Api]):
    """A WooCommerce store, for blocking code. One client serves all threads of an application.

    Args:
        url: the store's address, such as `https://shop.example.com`. Over https the key travels as
            basic authentication, over http requests are signed with OAuth 1.0a.
        consumer_key: of a REST API key, `ck_…`.
        consumer_secret: of the same key, `cs_…`.
        transport: sends the requests in place of a pool of connections; for tests.
        sleep: waits between repetitions; for tests.
        options: `Options` has them; `org` is required.

    Raises:
        ValueError: `url` is no http or https address.
    """

    def __init__(
        self,
        url: str,
        consumer_key: str | Secret,
        consumer_secret: str | Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        connection = _connection(url, consumer_key, consumer_secret, options)
        super().__init__(connection, options, transport, sleep)

    search_products = Blocking(products.search_products)
    get_product_details = Blocking(products.get_product_details)
    check_stock = Blocking(stock.check_stock)
    get_stock_quantity = Blocking(stock.get_stock_quantity)
    check_price = Blocking(products.check_price)
    get_product_variations = Blocking(products.get_product_variations)
    get_product_categories = Blocking(products.get_product_categories)
    get_product_reviews = Blocking(products.get_product_reviews)
    get_low_stock_products = Blocking(stock.get_low_stock_products)
    check_order = Blocking(orders.check_order)
    get_customer_orders = Blocking(orders.get_customer_orders)
    get_order_notes = Blocking(orders.get_order_notes)
    check_refund_status = Blocking(orders.check_refund_status)
    cancel_order = Blocking(orders.cancel_order)
    get_shipping_info = Blocking(shop.get_shipping_info)
    get_shipping_methods = Blocking(shop.get_shipping_methods)
    get_payment_methods = Blocking(shop.get_payment_methods)
    validate_coupon = Blocking(shop.validate_coupon)
    add_to_cart = Blocking(cart.add_to_cart)
    get_cart = Blocking(cart.get_cart)
    remove_from_cart = Blocking(cart.remove_from_cart)
    update_cart_quantity = Blocking(cart.update_cart_quantity)
    apply_coupon_to_cart = Blocking(cart.apply_coupon_to_cart)
    get_customer_insights = Blocking(sales.get_customer_insights)
    get_sales_report = Blocking(sales.get_sales_report)


class AsyncWooCommerce(AsyncClient[Api]):
    """A WooCommerce store, for asyncio: arguments and methods are those of `WooCommerce`.

    Its methods are to be awaited, and so is `sleep`.
    """

    def __init__(
        self,
        url: str,
        consumer_key: str | Secret,
        consumer_secret: str | Secret,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        connection = _connection(url, consumer_key, consumer_secret, options)
        super().__init__(connection, options, transport, sleep)

    search_products = Awaited(products.search_products)
    get_product_details = Awaited(products.get_product_details)
    check_stock = Awaited(stock.check_stock)
    get_stock_quantity = Awaited(stock.get_stock_quantity)
    check_price = Awaited(products.check_price)
    get_product_variations = Awaited(products.get_product_variations)
    get_product_categories = Awaited(products.get_product_categories)
    get_product_reviews = Awaited(products.get_product_reviews)
    get_low_stock_products = Awaited(stock.get_low_stock_products)
    check_order = Awaited(orders.check_order)
    get_customer_orders = Awaited(orders.get_customer_orders)
    get_order_notes = Awaited(orders.get_order_notes)
    check_refund_status = Awaited(orders.check_refund_status)
    cancel_order = Awaited(orders.cancel_order)
    get_shipping_info = Awaited(shop.get_shipping_info)
    get_shipping_methods = Awaited(shop.get_shipping_methods)
    get_payment_methods = Awaited(shop.get_payment_methods)
    validate_coupon = Awaited(shop.validate_coupon)
    add_to_cart = Awaited(cart.add_to_cart)
    get_cart = Awaited(cart.get_cart)
    remove_from_cart = Awaited(cart.remove_from_cart)
    update_cart_quantity = Awaited(cart.update_cart_quantity)
    apply_coupon_to_cart = Awaited(cart.apply_coupon_to_cart)
    get_customer_insights = Awaited(sales.get_customer_insights)
    get_sales_report = Awaited(sales.get_sales_report)
