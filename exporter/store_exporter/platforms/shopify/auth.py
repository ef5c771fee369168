"""Who is asking: the tokens of both APIs. No I/O.

An app that was made in Shopify's Dev Dashboard has no lasting token for the Admin API. It has a
client id and a secret, for which the shop gives a token that lives for a day ("client credentials
grant"). Older apps, and those of an agency that a merchant has let in, have a token of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...contract import Response
from ...errors import StoreError
from ...net import documents
from ...stores.model import Secret, Unreadable
from ..kit.connection import revealed
from ..kit.fields import Fields
from .marks import MARKS
from .responses import READER

GRANT = "/admin/oauth/access_token"
_PRIVATE = "shpat_"
_SPARE = 300.0
_SHORTEST = 60.0
# What stands in a refusal, as JSON or as a page, and what it means.
_REFUSALS = {
    "app_not_installed": "the app is not installed in this shop",
    "shop_not_permitted": "the app and the shop belong to different organisations; use a token",
    "application_cannot_be_found": "there is no app with this client_id",
    "invalid_client": "the client_secret is not that of the client_id",
    "invalid_request": "the client_id or the client_secret is not one",
}


@dataclass(frozen=True, slots=True)
class App:
    """An app of the shop's own organisation, from the Dev Dashboard.

    Attributes:
        client_id: of the app.
        client_secret: `shpss_…`.
    """

    client_id: str | Secret
    client_secret: str | Secret = field(repr=False)

    @property
    def request(self) -> dict[str, str]:
        """The JSON that asks for a token."""
        return {
            "grant_type": "client_credentials",
            "client_id": revealed(self.client_id),
            "client_secret": revealed(self.client_secret),
        }


class Tokens:
    """The tokens for one shop.

    Args:
        admin: the Admin API's access token, or the app that is given one.
        storefront: the Storefront API's token, public or private; None if there is none.
        monotonic: seconds of a clock that never jumps.
    """

    def __init__(
        self,
        admin: str | Secret | Unreadable | App,
        storefront: str | Secret | Unreadable | None,
        monotonic: Callable[[], float],
    ) -> None:
        self.app = admin if isinstance(admin, App) else None
        self._admin: str | Secret | Unreadable = "" if isinstance(admin, App) else admin
        self._ends = 0.0 if isinstance(admin, App) else math.inf
        self._storefront = storefront
        self._monotonic = monotonic

    @property
    def expired(self) -> bool:
        """Whether the shop has to be asked for a token first."""
        return self._monotonic() >= self._ends

    def receive(self, response: Response) -> None:
        """Take in what the shop answered to the app's request for a token.

        Raises:
            StoreError: unauthorized, and why; or as the answer says.
        """
        if response.status in (400, 401, 403, 404):
            raise _refused(response)
        if response.status in READER.statuses:
            kind, message = READER.statuses[response.status]
            raise StoreError(kind, message, status=response.status)
        document = Fields(documents.document(response, MARKS), "the access token")
        if response.status != 200:
            message = f"Shopify answered with HTTP {response.status}"
            raise StoreError("server_error", message, status=response.status)
        token, lifetime = document.text("access_token"), document.integer("expires_in")
        if not token.isascii() or not token.isprintable() or not token:
            raise StoreError("invalid_response", "the access token is not one")
        self._admin = token
        self._ends = self._monotonic() + max(lifetime - _SPARE, _SHORTEST)

    def forget(self) -> None:
        """Ask for a new token next time, where that is possible: this one was refused."""
        if self.app is not None:
            self._ends = 0.0

    def headers(self, api: str) -> Mapping[str, str]:
        """Return the header for one of the two APIs, admin or storefront.

        Raises:
            StoreError: unauthorized, there is no token for that API, or it cannot be read.
        """
        if api == "admin":
            return {"X-Shopify-Access-Token": revealed(self._admin)}
        if self._storefront is None:
            message = "the configuration has no storefront_token, which searches and carts need"
            raise StoreError("unauthorized", message)
        # A private token names the server that uses it; a public one may stand in a web page.
        token = revealed(self._storefront)
        private = token.startswith(_PRIVATE)
        name = (
            "Shopify-Storefront-Private-Token" if private else "X-Shopify-Storefront-Access-Token"
        )
        return {name: token}


def _refused(response: Response) -> StoreError:
    try:
        source = documents.text(response)
    except StoreError:
        source = ""
    for code, meaning in _REFUSALS.items():
        if code in source:
            message = f"Shopify gives no access token: {meaning}"
            return StoreError("unauthorized", message, status=response.status, code=code)
    message = f"Shopify gives no access token and answers with HTTP {response.status}"
    return StoreError("unauthorized", message, status=response.status)


def access(credentials: Mapping[str, Any]) -> str | Secret | Unreadable | App:
    """Return what the credentials of a configuration are for the Admin API.

    Raises:
        KeyError: they are incomplete.
    """
    token: str | Secret | Unreadable | None = credentials.get("admin_token")
    if token is not None:
        return token
    return App(credentials["client_id"], credentials["client_secret"])


def problem(credentials: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the credentials taken together, None if nothing is."""
    given = {name for name in ("client_id", "client_secret") if credentials.get(name) is not None}
    if credentials.get("admin_token") is None and len(given) < 2:
        return "either client_id and client_secret are needed, or an admin_token"
    if credentials.get("admin_token") is not None and given:
        return "there is an admin_token as well as a client_id or client_secret"
    return None
