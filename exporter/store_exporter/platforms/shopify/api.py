"""The two APIs of a shop, Admin and Storefront, as plans."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...contract import Response
from ...errors import StoreError
from ...net.plans import Plan, RedirectError, Request
from ..kit import connection
from ..kit.connection import Send, fact
from ..kit.graphql.api import GraphqlApi
from ..kit.graphql.bucket import Bucket
from ..kit.graphql.documents import QueryFile
from ..kit.graphql.responses import GraphqlResult
from ..kit.reading.fields import Fields
from . import versions
from .auth import GRANT
from .marks import MARKS
from .reading import ids
from .responses import READER

if TYPE_CHECKING:
    from .connection import Connection

DOCUMENTS = {api: QueryFile(__package__, f"{api}.graphql") for api in ("admin", "storefront")}
"""The requests to the two APIs."""
SHOWN_DAYS = 60
"""Without the scope read_all_orders an app sees only the orders of this many days."""


def path(api: str, version: str) -> str:
    """Return the path of one of the two APIs, admin or storefront."""
    prefix = "/admin" if api == "admin" else ""
    return f"{prefix}/api/{version}/graphql.json"


def api_of(path: str) -> str | None:
    """Return which of the two APIs a path belongs to, None for neither."""
    if not path.endswith("/graphql.json"):
        return None
    return "admin" if "/admin/api/" in path else "storefront"


class Api(connection.Api):
    """A shop's APIs for one operation or run, which includes waiting for the rate limit.

    Attributes:
        admin: the Admin API.
        storefront: the Storefront API, which shows no costs.
        version: the requested version of both, such as `2026-10`.
        served: the API version of the last response, if the response names it; it differs from the
            requested one if that has ended.
    """

    def __init__(self, shop: Connection, send: Send, *, deadline: float) -> None:
        super().__init__(shop, send, deadline=deadline)
        self.version = self.served = shop.version
        self._shop, self._tokens = shop, shop.tokens
        self.admin = GraphqlApi(
            self,
            url=self.url + path("admin", self.version),
            documents=DOCUMENTS["admin"],
            exchange=self._ask_admin,
            reader=READER,
            bucket=shop.bucket,
            cheapest="Shop",
        )
        self.storefront = GraphqlApi(
            self,
            url=self.url + path("storefront", self.version),
            documents=DOCUMENTS["storefront"],
            exchange=self._ask_storefront,
            reader=READER,
            bucket=Bucket(self.monotonic),
        )

    def _ask(self, request: Request) -> Plan[GraphqlResult]:
        try:
            response = yield from self.exchange(request)
        except RedirectError as error:
            response = error.response
        _check_moved(response)
        self._note_version(response)
        return READER.read(response, self.now())

    def _ask_storefront(self, request: Request) -> Plan[GraphqlResult]:
        """Send a request with the storefront's token; Shopify refuses that one without words."""
        try:
            return (yield from self._ask(request))
        except StoreError as error:
            kind, status, code = error.error_type, error.status, error.code
            if kind != "unauthorized" or (status, code) == (None, None):
                raise
            message = f"Shopify does not accept the storefront_token ({error.message})"
            raise StoreError(kind, message, status=status, code=code) from error

    def _ask_admin(self, request: Request) -> Plan[GraphqlResult]:
        """Send a request with a token, which is requested first if there is none.

        A token may be revoked early, for example when the app's secret is changed. Then the request
        is sent again with another token; a refused request has changed nothing.
        """
        is_new = self._tokens.expired
        if is_new:
            yield from self._ask_for_token()
        sent = self._tokens.admin
        try:
            return (yield from self._ask(request))
        except StoreError as error:
            if error.error_type != "unauthorized" or not self._tokens.renew(sent) or is_new:
                raise
        return (yield from self._ask_admin(request))

    def _note_version(self, response: Response) -> None:
        """Remember the version that served the response, and what it says is deprecated."""
        version = response.headers.get("x-shopify-api-version", "")
        if versions.is_version(version) or version == versions.UNSTABLE:
            self.served = version
        if reason := response.headers.get("x-shopify-api-deprecated-reason"):
            self._shop.deprecated = MARKS.redact.line(reason, 120)

    def _ask_for_token(self) -> Plan[None]:
        request = Request("POST", self.url + GRANT, json=self._tokens.request, idempotent=True)
        self._tokens.receive((yield from self.exchange(request)), self.now())

    @fact
    def shop(self) -> Plan[Fields]:
        """Return the shop's name, currency and time zone, requested once an hour."""
        return (yield from self.admin.ask("Shop")).child("shop")

    @fact
    def scopes(self) -> Plan[frozenset[str]]:
        """Return the scopes that the app was granted, requested once an hour."""
        installation = (yield from self.admin.ask("AccessScopes")).child("currentAppInstallation")
        return frozenset(row.text("handle") for row in installation.children("accessScopes"))

    def shows_orders_since(self, when: float) -> Plan[bool]:
        """Whether the app sees all orders since a Unix time, and not only those of sixty days.

        Private apps of old see all without the scope; then an older order shows it.
        """
        shown = self.now() - SHOWN_DAYS * 86_400
        if max(when, (yield from self.shop()).seconds("createdAt")) >= shown:
            return True
        if "read_all_orders" in (yield from self.scopes()):
            return True
        oldest = (yield from self.admin.ask("OldestOrder")).nodes("orders")
        return any(order.seconds("createdAt") < shown - 86_400 for order in oldest)

    @property
    def deprecated(self) -> str:
        """What Shopify will remove although a query uses it, as a response said; "" for nothing."""
        return self._shop.deprecated

    def currency(self) -> Plan[str]:
        """Return the code of the shop's currency."""
        return ids.currency((yield from self.shop()))

    def zone(self) -> Plan[tzinfo]:
        """Return the time zone of the shop's calendar."""
        return (yield from self.shop()).zone("ianaTimezone")


def _check_moved(response: Response) -> None:
    """Refuse a response that says that the APIs are at another host, as for a renamed shop."""
    try:
        target = urlsplit(response.headers.get("location", ""))
    except ValueError:
        # The redirect leads to no valid address; another check reports that.
        return
    if 300 <= response.status < 400 and target.hostname and api_of(target.path):
        message = f"the shop's APIs are at {target.hostname}: set url to https://{target.hostname}"
        raise StoreError("redirect", message, status=response.status)
