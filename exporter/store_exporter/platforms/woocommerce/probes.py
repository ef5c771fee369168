"""Whether a WooCommerce store is alive, sells and shows itself.

A probe fails when the store does not do what is requested, and finds it degraded when it does, but
slowly or with a warning of its own. What a failure makes of the store's health is in `critical`.
"""

from __future__ import annotations

from ...contract import Report, Response, Run
from ...errors import StoreError
from ...net import caches
from ...net.plans import Plan
from ..kit.monitoring.declare import by_name, probe
from ..kit.monitoring.probes import dns, slow_response, tls_probe, wrong_clock
from ..kit.monitoring.storefront import ClosedPage, StorefrontPages, storefront_probe
from ..kit.reading.fields import Fields
from ..kit.rest.responses import server_time
from . import facts
from .api import STORE, Api
from .marks import MARKS

_MADE = ("nonce-timestamp", "cart-token", "date")
"""Headers that distinguish two carts. The shop makes the first two for each visitor; a server
before it may write a date of its own."""
_CART = {"_fields": "items_count,totals,payment_methods"}
_PAGES = StorefrontPages(
    ClosedPage(
        "says that the shop is coming soon",
        "Visitors see the page that says the shop is coming soon.",
        (
            *("woocommerce-coming-soon", "wp-block-woocommerce-coming-soon"),
            # Plugins that close a site, by the class or the files of the page that they show.
            *("elementor-maintenance-mode", "/plugins/wp-maintenance-mode/"),
            *("/plugins/under-construction-page/", "/plugins/cmp-coming-soon-maintenance/"),
            # The first in Maintenance 4.31, the second in versions before.
            *("/plugins/maintenance/frontend/", "/plugins/maintenance/load/"),
        ),
        path="/coming-soon",
    )
)


@probe(interval=60.0, timeout=10.0, critical=True, liveness=True, slow_after=3.0, clock_skew=300.0)
def liveness(api: Api, run: Run) -> Plan[Report]:
    """Reads the currency setting with the key: if that fails, the API is down, or refuses the key.

    Degraded when it is slow or when the clocks differ.
    """
    # The setting is one row of the options table, however large the shop is. A list of orders would
    # make the database count them all.
    code, response = yield from facts.ask_currency(api)
    caches.refuse_repeated(api.seen, "liveness", response, run.now())
    degraded = slow_response(response, run) + wrong_clock(server_time(response), run)
    return Report((), degraded, f"the API responded; the shop sells in {code}")


@probe(interval=300.0, timeout=10.0, critical=True, slow_after=3.0, require_payment_method=False)
def cart(api: Api, run: Run) -> Plan[Report]:
    """Reads an empty cart from the Store API, without the key.

    If that fails, nobody can buy, even if the API is up. Degraded when it is slow. An empty cart
    proves nothing about payment methods, because many are not offered for an amount of zero. If
    yours are, set require_payment_method, and a cart without any is degraded.
    """
    # The request has no token and no cookies, so that WooCommerce stores no session: it writes one
    # only for a returning visitor. With the token of an earlier response each run would leave or
    # renew a row in the table of sessions.
    body, response = yield from api.ask(f"{STORE}/cart", _CART)
    caches.refuse_repeated(api.seen, "cart", response, run.now(), _MADE)
    cart = Fields(body, "the cart")
    count = cart.integer("items_count")
    currency = cart.child("totals").currency("currency_code")
    degraded = slow_response(response, run)
    if count != 0 and not (yield from _is_own(api, response)):
        raise StoreError(
            "invalid_response", "a new cart has items in it: a cache serves one to everybody"
        )
    methods = cart.raw("payment_methods")
    # PHP writes a list with a gap as an object.
    offered = len(methods) if isinstance(methods, list | dict) else None
    if offered == 0 and run.options["require_payment_method"]:
        degraded.append("The checkout offers no payment method.")
    offer = "" if not offered else f"; {offered} payment methods"
    filled = f"a new cart with {count} items" if count else "an empty cart"
    return Report((), degraded, f"{filled} in {currency}{offer}")


def _is_own(api: Api, response: Response) -> Plan[bool]:
    """Whether a filled cart was made for this request: some shops put a gift into each new one.

    Then a second request gets a different token, because each visitor has a token of its own.
    """
    again = yield from api.send("GET", f"{STORE}/cart")
    tokens = [one.headers.get("cart-token") for one in (response, again)]
    return None not in tokens and tokens[0] != tokens[1]


PROBES = by_name(
    liveness, cart, storefront_probe(_PAGES, MARKS), tls_probe("/wp-includes/images/blank.gif"), dns
)
"""Every probe by its name."""
