"""The clients that applications use: the same operations, blocking and asynchronous."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random
from types import TracebackType
from typing import Any, Required, Self, TypedDict, TypeVar, Unpack
from urllib.parse import urlsplit

import httpx

from ...metrics.recorder import Recorder
from ...net.plans import Plan, Policy, Request, Retrier, RetryBudget
from ...net.url import normal
from ...operations.bound import bind
from ...stores.model import Secret
from ..kit.described import Awaited, Blocking, Planned
from ..kit.drivers import AsyncDriver, SyncDriver, proxy_for, tls_context
from .api import Api, Facts
from .auth import App, Tokens
from .bucket import Bucket
from .operations import cart, orders, products, search, shop, unsupported
from .versions import DEFAULT

T = TypeVar("T")
PLATFORM = "shopify"
MAX_BODY_BYTES = 5 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0)


class Options(TypedDict, total=False):
    """What both clients may be given by keyword; `org` must be."""

    org: Required[str]
    """The tenant; a label of all measurements."""
    domain: str | None
    """The store's identity, a label too; the host of the address unless given."""
    api_version: str
    """Of both APIs, such as 2026-10."""
    policy: Policy | None
    """Timeouts, deadline and repetitions. The deadline includes waiting for the rate limit."""
    max_body_bytes: int
    """The largest answer that is read, 5 MiB unless given."""
    ca_file: str | None
    """PEM file with further trusted issuers."""
    recorder: Recorder | None
    """Where to record; the process' own recorder unless given."""
    monotonic: Callable[[], float]
    """Seconds of a clock that never jumps; for tests."""
    now: Callable[[], float]
    """Unix time in seconds; for tests."""
    random: Random
    """For jitter; for tests."""


class _Client:
    """What both clients are made of."""

    def __init__(
        self,
        url: str,
        admin: str | Secret | App,
        storefront_token: str | Secret | None,
        options: Options,
    ) -> None:
        try:
            self.url = normal(url)
        except ValueError:
            raise ValueError("url is not like https://shop.myshopify.com") from None
        self.org = options["org"]
        self.domain = options.get("domain") or urlsplit(self.url).hostname or ""
        self._tracked = bind(
            org=self.org,
            domain=self.domain,
            platform=PLATFORM,
            recorder=options.get("recorder"),
        )
        self._monotonic = options.get("monotonic", time.monotonic)
        self._now = options.get("now", time.time)
        self._tokens = Tokens(admin, storefront_token, self._monotonic)
        self._version = options.get("api_version", DEFAULT)
        self._policy = options.get("policy") or Policy()
        self._budget = RetryBudget()
        self._bucket = Bucket(self._monotonic)
        self._facts = Facts()
        self._max_body_bytes = options.get("max_body_bytes", MAX_BODY_BYTES)
        self._ca_file = options.get("ca_file")
        self._random = options.get("random") or Random()  # noqa: S311  # jitter is no secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.domain} of {self.org}>"

    def _plan(self, planned: Planned[..., T], args: Any, kwargs: Any) -> Plan[T]:
        retrier = Retrier(
            self._policy,
            self._budget,
            monotonic=self._monotonic,
            now=self._now,
            random=self._random,
        )
        api = Api(
            self.url,
            self._version,
            retrier,
            self._bucket,
            self._facts,
            tokens=self._tokens,
            monotonic=self._monotonic,
            now=self._now,
            deadline=self._policy.deadline,
        )
        return planned.plan(api, *args, **kwargs)

    def _transport_options(self) -> dict[str, Any]:
        secure = self.url.startswith("https:")
        return {
            "verify": tls_context(self._ca_file) if secure else False,
            "limits": _LIMITS,
            "proxy": proxy_for(self.url),
            "trust_env": False,
        }


def _signed_already(request: Request) -> Request:
    return request


class Shopify(_Client):
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
        super().__init__(url, admin, storefront_token, options)
        self._driver = SyncDriver(
            transport or httpx.HTTPTransport(**self._transport_options()),
            sign=_signed_already,
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


class AsyncShopify(_Client):
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
        super().__init__(url, admin, storefront_token, options)
        self._driver = AsyncDriver(
            transport or httpx.AsyncHTTPTransport(**self._transport_options()),
            sign=_signed_already,
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
