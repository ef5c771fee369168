"""Sends requests to WooCommerce: finds the API, avoids caches, and reads the responses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from ...contract import Response
from ...errors import Fault, StoreError
from ...net import caches
from ...net.plans import Plan, Request
from ..kit.connection import Send, fact
from ..kit.reading.days import TimeRange
from ..kit.rest import api
from ..kit.rest.responses import RestPage
from ..kit.rest.wrapping import Wrapping
from . import local_dates
from .api_location import ROOT
from .auth import needs_key
from .responses import READER

if TYPE_CHECKING:
    from .connection import Connection

V3 = "/wp-json/wc/v3"
ANALYTICS = "/wp-json/wc-analytics"
STORE = "/wp-json/wc/store/v1"
PAGE = 100
"""Most rows that WooCommerce puts on a page."""
_IN_FULL = {"dp": "8", "dates_are_gmt": "true"}
"""Parameters of each request for orders and refunds: amounts come as they are stored, with however
few decimals the shop displays them, and the dates of the query are in GMT."""
_IN_OWN_CURRENCY = {"woocs_block_price_hook": "1"}
"""Parameter of each request for products: FOX (*WooCommerce Currency Switcher*) then leaves prices
in the shop's currency. It would convert them into that of the country where our address is."""
_ORDERS = f"{V3}/orders"
_WITH_AMOUNTS = (_ORDERS, f"{V3}/refunds")
_PRESCRIBED = ((_WITH_AMOUNTS, _IN_FULL), ((f"{V3}/products",), _IN_OWN_CURRENCY))
_OF_ORDERS = re.compile(rf"{_ORDERS}(/[0-9]+/refunds)?")
"""Lists whose queries one filter of WooCommerce (`woocommerce_rest_orders_prepare_object_query`)
lets plugins change."""
_FRESH = "_fresh"
"""A parameter that WooCommerce ignores; it makes the address of each request unique."""
_SPARE: Mapping[str, tuple[str, ...]] = {
    f"{STORE}/cart": (
        *("coupons", "fees", "items_weight", "needs_payment", "needs_shipping", "shipping_rates"),
    ),
    f"{V3}/settings/general": ("default", "description", "label", "tip", "type"),
    f"{V3}/orders": (
        *("cart_tax", "currency_symbol", "discount_tax", "number", "payment_method_title"),
        *("cart_hash", "prices_include_tax", "shipping_tax", "version"),
    ),
    f"{V3}/products": (
        *("backorders", "catalog_visibility", "downloadable", "featured", "menu_order"),
        *("sold_individually", "tax_status", "virtual"),
    ),
    f"{V3}/customers": (
        *("date_created", "date_created_gmt", "date_modified", "date_modified_gmt"),
        "is_paying_customer",
    ),
    f"{V3}/system_status": tuple(
        f"settings.{name}"
        for name in (
            *("api_enabled", "currency_position", "currency_symbol", "force_ssl"),
            *("geolocation_enabled", "taxonomies"),
        )
    ),
    f"{V3}/webhooks": ("date_created", "date_modified", "hooks", "name", "resource", "topic"),
}
"""Members that every object of these paths has, all of them short."""
_REFUSED = b"woocommerce_rest_authentication_error"
_ENVELOPE = Wrapping("body", total=("headers", "X-WP-Total"), pages=("headers", "X-WP-TotalPages"))
"""How WordPress wraps a list if the query has `_envelope`."""
MAX_PAGES = 10
"""Most pages that one operation reads, however many the store says there are."""
SUMMING = 120.0
"""Most seconds that an operation which adds up orders may take."""


class Api(api.Api):
    """The store's API for the time of one operation or run.

    Attributes:
        location: where in the store the API is.
        change_times: the time in which it compares times of change of orders.
        seen: what identified the last responses to probes, see `caches.refuse_repeated`.
        needs_dates: whether a request fails if orders lack dates in GMT and nothing shows the
            shop's time zone.
    """

    page_size = PAGE
    most_pages = MAX_PAGES
    in_full: ClassVar = {"orderby": "id", "order": "asc"}
    members_name = "_fields"
    spare_members = _SPARE
    public_paths = ("/wp-json/",)
    total_header = "x-wp-total"
    pages_header = "x-wp-totalpages"
    in_envelope: ClassVar = {"_envelope": "1"}
    reader = READER

    def __init__(self, connection: Connection, send: Send, *, deadline: float) -> None:
        super().__init__(connection, send, deadline=deadline)
        self.location = connection.location
        self.seen = connection.seen
        self.change_times = connection.change_times
        self.needs_dates = True

    def address(self, path: str) -> str:
        """Return the address of a path that begins with `/wp-json`, wherever the API is."""
        return self.location.address(path)

    def deliver(self, path: str, request: Request) -> Plan[Response]:
        """Send a request past caches, to wherever the API is.

        Raises:
            StoreError: api_not_found, the store has plain permalinks; redirect, it uses https but
                is configured with http; any error of a request.
        """
        for paths, params in _PRESCRIBED:
            if path.startswith(paths):
                request = replace(request, params={**request.params, **params})
        if request.method == "PUT":
            # Many hosts refuse that method; WooCommerce takes a change by POST as well.
            request = replace(request, method="POST")
        is_private = needs_key(request.url) or path.startswith(STORE)
        if request.method == "GET" and is_private:
            request = caches.uncached(request, _FRESH)
        response = yield from self.exchange(request)
        # At most two repetitions: at another place, and there with another signature or version.
        for _ in range(2):
            is_older = path.startswith(STORE) and self.location.is_older(response)
            if not is_older and not (yield from self._learned(path, request, response)):
                break
            request = replace(request, url=self.address(path))
            response = yield from self.exchange(request)
        self.location.forget_if_anothers(response)
        if is_private:
            caches.refuse_kept(request, response, _FRESH)
        return response

    def _learned(self, path: str, request: Request, response: Response) -> Plan[bool]:
        """Learn from a response where the API is; True if the request should be sent again."""
        location = self.location
        over_http = request.url.startswith("http:") and needs_key(request.url)
        if over_http and response.url.startswith("https:"):
            parts = urlsplit(response.url)
            message = f"the store redirects to https: set url to https://{parts.netloc}"
            raise StoreError("redirect", message, status=response.status)
        if location.is_elsewhere(response):
            if request.url == self.address(path) and location.may_be_sought(self.monotonic()):
                yield from self._seek(response)
            # Another run may have found it meanwhile.
            return request.url != self.address(path)
        # Over http a signature covers the path, which a server before the store may rewrite.
        unsigned = over_http and response.status == 401
        if not unsigned or _REFUSED not in response.body[:500]:
            return False
        requested, final = urlsplit(request.url).path, urlsplit(response.url).path
        if requested != final:
            message = (
                f"the store redirects {requested} to {final}, where the signature of a request is "
                "not valid: use https, or exclude the API from the redirect"
            )
            raise StoreError("redirect", message, status=response.status)
        return location.switch_signed_path()

    def _seek(self, response: Response) -> Plan[None]:
        """Learn where the API is from the links of a response, or else of the front page."""
        before = self.location.path
        if not self.location.learn_from(response):
            front = Request("GET", f"{self.url}/", idempotent=True)
            try:
                page = yield from self.exchange(front)
            except StoreError as error:
                # The response of the API's own address says more about the store.
                if error.fault is not Fault.STORE:
                    raise
            else:
                self.location.learn_from(page)
        # Recorded only now, so that other runs which miss the API meanwhile may look too; and not
        # if the API was found, so that it is looked for again as soon as it moves back.
        if self.location.path == before:
            self.location.sought(self.monotonic())

    def page(self, path: str, params: Mapping[str, Any] | None = None) -> Plan[RestPage]:
        """GET one page of a list; of orders as plugins of the shop let them be found."""
        query = dict(params or {})
        if not _OF_ORDERS.fullmatch(path):
            return (yield from super().page(path, query))
        found = yield from self._orders(path, query)
        is_dated = not local_dates.DATED.isdisjoint(query)
        if is_dated or found.items or found.total != 0 or not (yield from _needs_dates(self)):
            return found
        return (yield from super().page(path, query | local_dates.EVER))

    def _orders(self, path: str, query: Mapping[str, Any]) -> Plan[RestPage]:
        """GET one page of orders, with times of change as the shop compares them."""
        times = self.change_times
        found = yield from super().page(path, times.shifted(query))
        offset = times.learns(found.items, query)
        if offset is not None:
            try:
                times.keep((yield from local_dates.time_zone(self)))
            except StoreError:
                times.keep(offset)
            found = yield from super().page(path, times.shifted(query))
        items = times.later(found.items, query)
        total = found.total and found.total - len(found.items) + len(items)
        return replace(found, items=items, total=total)

    def wrapping(self, path: str, body: Any) -> Wrapping:
        """Return how the JSON wraps a list; servers may drop the parameter for the envelope."""
        is_wrapped = isinstance(body, Mapping) and body.keys() >= {"body", "headers"}
        return _ENVELOPE if is_wrapped else super().wrapping(path, body)

    def read(self, path: str, response: Response) -> Any:
        """Return the JSON of a successful response.

        Raises:
            StoreError: as `READER` does; the message says if url is an address of the API, if
                Analytics is switched off, which other address responds there, or where the store
                redirected the request to.
        """
        try:
            return super().read(path, response)
        except StoreError as error:
            requested, final = urlsplit(self.address(path)).path, urlsplit(response.url).path
            shop, is_api, _ = self.url.partition(ROOT)
            if is_api and error.error_type == "api_not_found":
                message = f"url is an address of the API: set url to {shop}"
            elif path.startswith(ANALYTICS) and error.code == "rest_no_route":
                message = f"{path} is not there: WooCommerce Analytics is switched off"
            elif error.error_type == "api_not_found" and error.code is None and self.location.other:
                message = (
                    f"{error.message}; its pages are of {self.location.other}: if that is the "
                    f"store, set url to {self.location.other}"
                )
            elif error.code is None and final != requested:
                message = f"{error.message}; the store redirected the request to {final}"
            else:
                raise
            kind, status, code = error.error_type, error.status, error.code
            raise StoreError(kind, message, status=status, code=code) from error

    def complete(self, path: str, items: Sequence[Any]) -> Plan[None]:
        """Fill in dates in GMT that a plugin removed from orders or refunds.

        Raises:
            StoreError: the shop's time zone cannot be requested, and the dates are needed.
        """
        if path.startswith(_WITH_AMOUNTS):
            try:
                yield from local_dates.add_gmt_dates(self, items)
            except StoreError:
                if self.needs_dates:
                    raise


@fact
def _needs_dates(shop: Api) -> Plan[bool]:
    """Whether the list of orders is empty without dates in the query, and not with them.

    WooPOS (*Media API for WooCommerce* 2.8.1) puts the column of a date into each query. Where
    there is no date, WooCommerce then looks for orders that were changed before 1970.
    """
    for dates, is_needed in (({}, False), (local_dates.EVER, True)):
        query = {"per_page": 1, "_fields": "id", **dates}
        if (yield from api.Api.page(shop, _ORDERS, query)).items:
            return is_needed
    return False


def between(when: TimeRange, name: str = "") -> dict[str, str]:
    """Return the parameters for what was created in a period; for changes name is `modified_`."""
    # The store excludes the given moment itself.
    after = gmt(when.begin.timestamp() - 1)
    return {f"{name}after": after, "before": gmt(when.end.timestamp())}


def gmt(when: float) -> str:
    """Return a Unix time in the form that WooCommerce expects, which takes zero for no date."""
    return datetime.fromtimestamp(max(1, int(when)), UTC).strftime("%Y-%m-%dT%H:%M:%S")
