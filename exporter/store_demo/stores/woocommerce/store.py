"""The simulated WooCommerce: its routes, its authentication and what may happen in it."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ..serving import Incoming, Outgoing, SimulatedServer
from . import analytics_api, catalogue_api, orders_api, reports_api, shop_api
from .access import Access, Keys, make_keys
from .answers import ApiError, Call, Document, Reply, no_route, only_fields
from .cart_api import Carts
from .seed import add_product, fill
from .shop import Shop

Handler = Callable[..., Reply]
_V3 = r"/wp-json/wc/v3"
_ANALYTICS = r"/wp-json/wc-analytics"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", rf"{_V3}/products", catalogue_api.products),
    ("GET", rf"{_V3}/products/categories", catalogue_api.categories),
    ("GET", rf"{_V3}/products/reviews", catalogue_api.reviews),
    ("GET PUT POST", rf"{_V3}/products/(\d+)", catalogue_api.product),
    ("GET", rf"{_V3}/products/(\d+)/variations", catalogue_api.variations),
    ("GET", rf"{_V3}/orders", orders_api.orders),
    ("GET PUT POST", rf"{_V3}/orders/(\d+)", orders_api.order),
    ("GET POST", rf"{_V3}/orders/(\d+)/notes", orders_api.notes),
    ("GET POST", rf"{_V3}/orders/(\d+)/refunds", orders_api.refunds),
    ("GET", rf"{_V3}/orders/(\d+)/fulfillments", orders_api.fulfilments),
    ("GET", rf"{_V3}/refunds", orders_api.all_refunds),
    ("GET", rf"{_V3}/customers", orders_api.customers),
    ("GET", r"/wp-json/wc/v2/customers/(\d+)", orders_api.customer),
    ("GET", rf"{_V3}/coupons", orders_api.coupons),
    ("GET", rf"{_V3}/settings/general", shop_api.settings),
    ("GET", rf"{_V3}/data/currencies/current", shop_api.current_currency),
    ("GET", rf"{_V3}/settings/general/(\w+)", shop_api.setting),
    ("GET", rf"{_V3}/settings/(?:tax|products)/(\w+)", shop_api.switch),
    ("GET", r"/wp-json/wc-admin/options", shop_api.options),
    ("GET", rf"{_V3}/system_status", shop_api.system_status),
    ("GET", rf"{_V3}/payment_gateways", shop_api.payment_gateways),
    ("GET", rf"{_V3}/shipping/zones", shop_api.shipping_zones),
    ("GET", rf"{_V3}/shipping/zones/(\d+)/methods", shop_api.shipping_methods),
    ("GET", rf"{_V3}/shipping/zones/(\d+)/locations", shop_api.shipping_locations),
    ("GET", rf"{_V3}/data/continents", shop_api.continents),
    ("GET", rf"{_V3}/webhooks", shop_api.webhooks),
    ("GET", rf"{_V3}/reports/sales", reports_api.sales),
    ("GET", rf"{_V3}/reports/top_sellers", reports_api.top_sellers),
    ("GET", rf"{_V3}/reports/(\w+)/totals", reports_api.totals),
    ("GET", rf"{_ANALYTICS}/products/low-in-stock", analytics_api.low_in_stock),
    ("GET", rf"{_ANALYTICS}/products/count-low-in-stock", analytics_api.count_low_in_stock),
    ("GET", rf"{_ANALYTICS}/variations", catalogue_api.all_variations),
    ("GET", rf"{_ANALYTICS}/reports/stock", analytics_api.stock),
    ("GET", rf"{_ANALYTICS}/reports/stock/stats", analytics_api.stock_stats),
    ("GET", rf"{_ANALYTICS}/reports/customers", analytics_api.customers),
    ("GET", rf"{_ANALYTICS}/reports/(?:orders|revenue)/stats", analytics_api.stats),
)
_COMPILED = tuple(
    (methods.split(), re.compile(path), handler) for methods, path, handler in _ROUTES
)
_CART = re.compile(r"/wp-json/wc/store(/v1)?/cart(?:/([a-z-]+))?")
_CART_ACTIONS = ("add-item", "update-item", "remove-item", "apply-coupon", "remove-coupon")
_HEADERS = {
    "Link": '<https://shop.example.com/wp-json/>; rel="https://api.w.org/"',
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_PAGE = (
    "<!DOCTYPE html><html><head><title>{domain}</title></head>"
    '<body class="woocommerce"><h1>{domain}</h1></body></html>'
)
_NOT_ALLOWED = "<html><head><title>405 Not Allowed</title></head><body>nginx</body></html>"


class SimulatedWooCommerce(SimulatedServer):
    """A WooCommerce 11 with state, served by aiohttp. The package's docstring has the overview.

    Args:
        domain: the store's host name; it decides the keys and the addresses in answers.
        currency: ISO code of its currency.
        seed: of everything that is random.
        clock: the time in Unix seconds.
        timezone: IANA name of the zone of dates without `_gmt`.
        tls_terminated: whether a proxy in front is taken to do TLS, so that basic authentication
            works although the application itself is served over http.
        products: simple products; two variable ones come on top.
        customers: registered customers.
        orders: orders of the last weeks.
        hpos: whether orders have tables of their own, as in new shops.
        rest_prefix: the path of the REST API; "" for plain permalinks, with which a web server
            answers all its paths with the front page.
    """

    def __init__(
        self,
        domain: str = "shop.example.com",
        *,
        currency: str = "GBP",
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        timezone: str = "UTC",
        tls_terminated: bool = True,
        products: int = 30,
        customers: int = 10,
        orders: int = 60,
        hpos: bool = True,
        rest_prefix: str = "/wp-json",
    ) -> None:
        super().__init__(seed)
        self.rest_prefix = rest_prefix
        self.domain = domain
        self.keys: Keys = make_keys(domain)
        self.tls_terminated = tls_terminated
        self.shop = Shop(domain, currency, clock, timezone)
        fill(self.shop, seed=seed, products=products, customers=customers, orders=orders)
        self.shop.hpos = hpos
        self.carts = Carts(self.shop, seed)
        self._access = Access(self.keys, clock)
        self.page_cache: str | None = None
        """A page cache that keeps the API's answers too: None, by `address` or by `path` alone."""
        self.page_cache_tells = True
        """Whether a header says so."""
        self._kept: dict[str, Outgoing] = {}

    # Moves of the shop's own life

    def new_order(self, status: str = "processing", **details: Any) -> Document:
        """Place an order; see `Shop.new_order` for the details."""
        return self.shop.new_order(status, **details)

    def edit_order(self, order_id: int, **changes: Any) -> Document:
        """Change an order, its status among its members; see `Shop.edit_order`."""
        return self.shop.edit_order(order_id, **changes)

    def refund(
        self, order_id: int, amount: Decimal | str | None = None, reason: str = ""
    ) -> Document:
        """Refund an order, whole unless an amount is given; see `Shop.refund`."""
        return self.shop.refund(order_id, amount, reason)

    def set_stock(self, product_id: int, quantity: int) -> None:
        """Set what is left of a product or variation."""
        self.shop.set_stock(product_id, quantity)

    def add_product(self, **members: Any) -> Document:
        """Put a simple product into the assortment; members are those of the API."""
        return add_product(self.shop, self.shop.next_id(), self.shop.clock(), **members)

    # HTTP

    def respond(self, request: Incoming) -> Outgoing:
        """Return the store's own answer: JSON from the API, HTML from anywhere else."""
        kept = self._cached(request)
        return self._respond(request) if kept is None else kept

    def _cached(self, request: Incoming) -> Outgoing | None:
        """Return an answer out of the page cache, as LiteSpeed's sends it, if there is one."""
        if self.page_cache is None or request.method != "GET":
            return None
        query = sorted(f"{k}={v}" for k, v in request.query.items() if not k.startswith("oauth_"))
        key = request.path + ("?" + "&".join(query) if self.page_cache == "address" else "")
        if key in self._kept:
            kept = self._kept[key]
            told = {"X-LiteSpeed-Cache": "hit"} if self.page_cache_tells else {}
            headers = {**kept.headers, **told}
            return Outgoing(kept.document, kept.text, kept.status, headers)
        answer = self._respond(request)
        if answer.status == 200:
            self._kept[key] = copy.deepcopy(answer)
        return answer

    def _respond(self, request: Incoming) -> Outgoing:
        if request.method == "PUT" and self.shop.habits.refuses_put:
            return Outgoing(text=_NOT_ALLOWED, status=405, headers={"Server": "nginx"})
        prefix = self.rest_prefix
        if not prefix or not f"{request.path}/".startswith(f"{prefix}/"):
            lost = prefix and request.path.startswith("/wp-json")
            link = f"<https://{self.domain}{prefix or '/index.php?rest_route='}/>"
            return Outgoing(
                text=_PAGE.format(domain=self.domain),
                status=404 if lost else 200,
                headers={"Link": f'{link}; rel="https://api.w.org/"'},
            )
        try:
            reply = self._api(request)
        except ApiError as error:
            reply = error.reply
        if "_envelope" in request.query:
            parts = {"body": reply.body, "status": reply.status, "headers": _numbers(reply.headers)}
            reply = Reply(parts, headers=reply.headers)
        return Outgoing(reply.body, status=reply.status, headers={**_HEADERS, **reply.headers})

    def _api(self, request: Incoming) -> Reply:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.") from None
        path = "/wp-json" + request.path[len(self.rest_prefix) :].rstrip("/")
        call = Call(request.method, path, request.query, body, request.headers)
        cart = _CART.fullmatch(path)
        if cart is not None and (not cart.group(1) or self.shop.habits.has_drafts):
            action = cart.group(2) or ""
            allowed = "POST" if action in _CART_ACTIONS else "GET"
            if call.method == allowed and action in ("", *_CART_ACTIONS):
                reply = self.carts.answer(call, action)
                reply.body = only_fields(call, reply.body)
                return reply
        if path == "/wp-json":
            if "authorization" in request.headers:
                # WordPress takes it for an application password, and its user is unknown.
                text = "Unknown username. Check again or try your email address."
                raise ApiError(401, "invalid_username", text)
            return Reply(only_fields(call, shop_api.index(self.shop)))
        for methods, pattern, run in _COMPILED:
            match = pattern.fullmatch(path)
            if match is not None and call.method in methods:
                self._check(call, request)
                reply = run(self.shop, call, *match.groups())
                reply.body = only_fields(call, reply.body)
                return reply
        raise no_route()

    def _check(self, call: Call, request: Incoming) -> None:
        scheme = request.headers.get("x-forwarded-proto", request.scheme)
        secure = self.tls_terminated or scheme == "https"
        self._access.check(call, f"{scheme}://{request.host}{request.path}", secure=secure)


def _numbers(headers: Mapping[str, str]) -> Document:
    """Return headers as they are before PHP sends them: numbers are no texts yet."""
    return {name: int(value) if value.isdigit() else value for name, value in headers.items()}
