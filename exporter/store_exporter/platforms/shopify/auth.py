"""Authenticates requests to Shopify: the tokens of both APIs. No I/O.

An app that was made in Shopify's Dev Dashboard has no lasting token for the Admin API. The shop
exchanges its client id and secret for a token that is valid for a day ("client credentials grant").
Some responses do not state when the token expires:
https://github.com/Shopify/shopify-app-js/issues/3400. Older apps, and apps of an agency that a
merchant has admitted, have a lasting token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...contract import Response
from ...errors import StoreError
from ...net.decoding import text
from ...stores.model import Secret
from ..kit.auth.oauth2 import AccessToken, is_token
from ..kit.connection import Credential, reveal
from ..kit.monitoring.settings import one_or_all
from ..kit.reading.fields import Fields
from .responses import READER

GRANT = "/admin/oauth/access_token"
_PRIVATE = "shpat_"
_SIGNATURE = ("crawler_signature_input", "crawler_signature")
_AGENT = '"https://shopify.com"'
"""Who made the signature, in quotation marks, as Shopify's page on crawling one's store says."""
# Codes in a refusal, whether JSON or a page, and what they mean.
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
        client_id: the app's client id.
        client_secret: `shpss_…`.
    """

    client_id: str | Secret
    client_secret: str | Secret = field(repr=False)


class Tokens:
    """The tokens for one shop.

    Args:
        credentials: an `admin_token`, or the `client_id` and `client_secret` of an app that gets
            one from the shop; optionally a `storefront_token`, public or private.
        monotonic: seconds of a clock that never jumps.

    Raises:
        KeyError: they are incomplete.
    """

    def __init__(
        self, credentials: Mapping[str, Credential], monotonic: Callable[[], float]
    ) -> None:
        self._lasting = credentials.get("admin_token")
        names = ("client_id", "client_secret") if self._lasting is None else ()
        self._app = {name: credentials[name] for name in names}
        self._storefront = credentials.get("storefront_token")
        self._signature = [(name, credentials.get(name)) for name in _SIGNATURE]
        self.granted = AccessToken(monotonic)

    @property
    def expired(self) -> bool:
        """Whether a token has to be requested from the shop first."""
        return bool(self._app) and self.granted.expired

    @property
    def request(self) -> dict[str, str]:
        """The JSON that requests a token; unauthorized is raised if a credential cannot be read."""
        app = {name: reveal(value, name) for name, value in self._app.items()}
        return {"grant_type": "client_credentials", **app}

    @property
    def admin(self) -> str:
        """The token of the Admin API; "" if none was granted yet, an error if it is unreadable."""
        return self.granted.value if self._lasting is None else reveal(self._lasting, "admin_token")

    def renew(self, refused: str) -> bool:
        """Drop a token that was refused; return whether there is another one, or may be.

        An app gets a new token. A lasting token in a file is read again: a public app's own server
        renews it every hour.
        """
        if self.admin != refused:
            return True
        self.granted.forget()
        if isinstance(self._lasting, Secret) and is_token((now := self._lasting.afresh()).reveal()):
            self._lasting = now
        return self.expired or self.admin != refused

    def receive(self, response: Response, now: float) -> None:
        """Take in the shop's response to the app's request for a token.

        Raises:
            StoreError: unauthorized, and why; or as the response says.
        """
        if response.status == 429:
            # Other than a query that is refused for want of points, this proves no token.
            raise StoreError(*READER.statuses[429], status=429)
        if 400 <= response.status < 500:
            _check_refusal(response)
        self.granted.receive(Fields(READER.document(response, now), "the access token"))

    def headers(self, api: str | None) -> Mapping[str, str]:
        """Return the headers for one of the two APIs, admin or storefront, or for pages.

        Raises:
            StoreError: unauthorized, there is no token for that API, or it cannot be read.
        """
        if api == "admin":
            return {"X-Shopify-Access-Token": self.admin}
        signature = {}
        if None not in dict(self._signature).values():
            given, value = (reveal(secret, name) for name, secret in self._signature)
            signature = {"Signature-Input": given, "Signature": value, "Signature-Agent": _AGENT}
        return signature if api is None else {**signature, **self._storefront_header()}

    def _storefront_header(self) -> Mapping[str, str]:
        if self._storefront is None:
            message = "the configuration has no storefront_token, which searches and carts need"
            raise StoreError("unauthorized", message)
        token = reveal(self._storefront, "storefront_token")
        # A private token names the server that uses it; a public one may stand in a web page.
        if token.startswith(_PRIVATE):
            return {"Shopify-Storefront-Private-Token": token}
        return {"X-Shopify-Storefront-Access-Token": token}


def _check_refusal(response: Response) -> None:
    """Raise unauthorized with the reason if the response is a refusal of Shopify's."""
    try:
        source = text(response)
    except StoreError:
        return
    code = next((code for code in _REFUSALS if code in source), None)
    if code or '"error"' in source:
        why = _REFUSALS[code] if code else f"it responds with HTTP {response.status}"
        message = f"Shopify gives no access token: {why}"
        raise StoreError("unauthorized", message, status=response.status, code=code)


def problem(credentials: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a store's credentials, None if nothing is."""
    if len([name for name in _SIGNATURE if credentials.get(name) is not None]) == 1:
        return f"{' and '.join(_SIGNATURE)} are needed together"
    return one_or_all("admin_token", "client_id", "client_secret")(credentials)
