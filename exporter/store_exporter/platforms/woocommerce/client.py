"""The clients that applications use: the same operations, blocking and asynchronous."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from ...stores.model import Secret
from ..kit.described import Awaited, Blocking, Planned
from ..kit.drivers import AsyncDriver, SyncDriver
from .connection import Connection, Options
from .operations import cart, orders, products, sales, shop, stock

T = TypeVar("T")


class WooCommerce(Connection):
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
        super().__init__(url, consumer_key, consumer_secret, options)
        self._driver = SyncDriver(
            transport or httpx.HTTPTransport(**self._transport_options()),
            sign=self._sign,
            max_body_bytes=self._max_body_bytes,
            sleep=sleep,
            monotonic=self._monotonic,
        )

    def run_operation(self, planned: Planned[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        with self._tracked(planned.description.name):
            return self._driver.run(self._plan(planned, args, kwargs))

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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


class AsyncWooCommerce(Connection):
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
        super().__init__(url, consumer_key, consumer_secret, options)
        self._driver = AsyncDriver(
            transport or httpx.AsyncHTTPTransport(**self._transport_options()),
            sign=self._sign,
            max_body_bytes=self._max_body_bytes,
            sleep=sleep,
            monotonic=self._monotonic,
        )

    async def run_operation(self, planned: Planned[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        with self._tracked(planned.description.name):
            return await self._driver.run(self._plan(planned, args, kwargs))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

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
