"""Alerts on a shop's sales: no orders, failing payments, failing checkouts."""

from __future__ import annotations

from functools import partial

from ...metrics.catalogue import business, health
from ...metrics.catalogue.values import EventKind
from .. import promql, series
from ..model import Alert, Cause, Group
from ..names import AlertName
from ..policy import DAY, MINUTE, ORDERS_COLLECTOR, SEASONAL, SELDOM, THRESHOLDS
from ..promql import STORE, equal, select
from ..rules import payments
from .causes import UNUSABLE, UNWATCHED
from .texts import CHANGED, COST, FAILING, SHARE, WHO

_alert = partial(
    Alert,
    facts={"cost": COST, "failing": FAILING, "changed": CHANGED},
    inhibited_by=(*UNUSABLE, UNWATCHED),
)


def _sells(window: str) -> str:
    """Stores that normally sell enough within a window, with their normal number of orders.

    For windows of hours, the windows that end an hour earlier and later must have enough as well:
    when clocks change, the sales of an hour of the day move by an hour against past weeks.
    """
    normal, least = series.orders_normal(window), SEASONAL.drought_minimum
    sells = f"({normal} >= {least:g})"
    if promql.seconds(window) >= DAY:
        return sells
    # A value that was not recorded an hour ago, such as while Prometheus was down, has no effect.
    before = f"last_over_time({promql.over(normal, '20m', '1h')})"
    return f"{sells} and ({series.orders_ahead(window)} >= {least:g}) unless ({before} < {least:g})"


def _watched_since(window: str) -> str:
    """Stores that were watched when a window began; for others the window is not fully known."""
    begun = promql.duration(promql.seconds(window) - 15 * MINUTE)
    return f"last_over_time({promql.over(series.UP_SAMPLED, '20m', begun)})"


_RUNBOOK = f"""
No order was paid within the window, although at this weekday and hour the shop normally sells at
least {SEASONAL.drought_minimum:g} within it, and in the two hours that end an hour earlier or
later, so a change of clocks causes no alert. Normal is the median of the last {SEASONAL.weeks}
weeks; there is no alert while fewer than {SEASONAL.history} of them are known, or if the store was
not yet watched when the window began. By chance this happens less than once in 20,000 windows, so
the shop most likely cannot sell, even if its pages and API respond.

- Buy something, or at least go as far as the payment page, as a shopper would.
- The shop dashboard shows failed payments and abandoned carts: are shoppers arriving and giving up,
  or are they not arriving?
- The operations dashboard shows whether the cart operations fail.
- Is it a public holiday, or did a campaign end? Then there is no fault.

- Tell the merchant at once: it is losing sales now.
- Typical causes are a payment provider's outage or expired account, a plugin or theme update that
  broke the checkout, a wrong shipping zone, a lost domain or feed.
"""
# An instant selector looks back five minutes; a scrape interval may be longer.
_COLLECTOR = select(business.COLLECTOR_SUCCESS, equal("collector", ORDERS_COLLECTOR))
_FRESH = f"last_over_time({promql.over(_COLLECTOR, '1h')})"
ORDER_DROUGHT = [
    _alert(
        AlertName.STORE_ORDER_DROUGHT,
        f"{_sells(window)} and ({series.orders_in(window)} == 0)"
        f" and {promql.on(*STORE)} ({_FRESH} == 1)"
        f" and {_watched_since(window)}",
        10 * MINUTE,
        "critical",
        "A shop has stopped selling.",
        "A shop sold nothing although it normally does at this hour of the week.",
        f"{WHO} had no order in the last {window}; normally it has "
        '{{ $value | printf "%.0f" }} at this time of the week.',
        _RUNBOOK,
        labels={"window": window},
        window=window,
    )
    for window in SEASONAL.drought_windows
]

_SHOP_NOW, _SHOP_BEFORE = payments.failing(), series.latest(payments.WEEK)
PAYMENTS_FAILING = _alert(
    AlertName.STORE_PAYMENTS_FAILING,
    f"({_SHOP_NOW} > {THRESHOLDS.payment_failure_share:g})"
    f" unless ({_SHOP_NOW} <= {THRESHOLDS.payment_factor:g} * {_SHOP_BEFORE})"
    f" unless ({payments.by_chance()})",
    10 * MINUTE,
    "critical",
    "Many payments of a shop fail.",
    "Many payments of a shop failed.",
    f"{SHARE} of the payments at {WHO} failed in the last hour.",
    f"""
    More than {THRESHOLDS.payment_failure_share:.0%} of the orders of the last hour (at least
    {THRESHOLDS.payment_minimum:g} orders) ended in the status failed. That is more than
    {THRESHOLDS.payment_factor:g} times the share of the week before, and more than chance explains,
    such as six of ten or nine of twenty. Either the payment provider or its plugin does not work,
    or somebody tests stolen cards on the shop.

    - Open some failed orders in the shop: their notes have the provider's reason.
    - Many small orders from different names within minutes are card testing.
    - Look at the provider's status page.

    - In an outage, offer another payment method until it ends.
    - Against card testing, turn on the provider's fraud rules and a captcha, and tell the provider.
    - For a configuration fault: renew the provider's keys in the shop.
    """,
    window="1h",
)

_METHOD_NOW, _METHOD_BEFORE = payments.method_failing(), series.latest(payments.METHOD_WEEK)
PAYMENT_METHOD_FAILING = _alert(
    AlertName.STORE_PAYMENT_METHOD_FAILING,
    f"({_METHOD_NOW} > {THRESHOLDS.method_failure_share:g})"
    f" and ({_METHOD_NOW} > {THRESHOLDS.method_factor:g} * {_METHOD_BEFORE})"
    f" unless ({payments.method_by_chance()})",
    10 * MINUTE,
    "critical",
    "A payment method of a shop fails.",
    "A payment method of a shop failed.",
    f"{SHARE} of the payments by {{{{ $labels.payment_method }}}} at {WHO} failed in "
    "the last two hours.",
    f"""
    More than {THRESHOLDS.method_failure_share:.0%} of the orders by this payment method in the last
    two hours (at least {THRESHOLDS.method_minimum:g} orders) failed. That is more than
    {THRESHOLDS.method_factor:g} times the share of the week before, and more than chance explains,
    such as six of eight. An order counts once, however often its payment was tried. Other methods
    may work, so the shop sells less and nobody notices.

    - Open some of these orders in the shop: their notes or timeline have the provider's reason.
      They may have been paid by another method afterwards.
    - Do the shop's other methods work? The shop dashboard shows the failures of each.
    - Look at the provider's status page, and at its account: keys, limits, documents.
    - Was the gateway's plugin updated?

    - Hide the method in the shop's settings, so that shoppers choose another.
    - For a configuration fault: renew the provider's keys in the shop.
    """,
    by=payments.METHOD,
    inhibited_by=(*UNUSABLE, UNWATCHED, Cause(AlertName.STORE_PAYMENTS_FAILING)),
    window="2h",
)

_UPDATED = "6h"
"""How long after an update errors are blamed on it."""


def _checkouts_failing(*window: str) -> str:
    """The share of cart and checkout calls that fail, over a window that may end earlier."""
    bad, counted = (
        f"avg_over_time({promql.over(name, *window)})"
        for name in (series.CHECKOUT_FAILED, series.CHECKOUT_MEASURED)
    )
    return f"{bad} / ({counted} > 0)"


UPDATES = (EventKind.DEPLOY, EventKind.PLATFORM, EventKind.PLUGIN, EventKind.THEME)
"""Kinds of events that may break a checkout."""


def _updated() -> str:
    """Stores whose version is another one than some hours ago, or of which an event says so."""
    version = select(health.INFO, 'version!=""')
    versions = f"{version} or {promql.at(version, _UPDATED)}"
    other = promql.aggregate("count", (*STORE, "version"), versions)
    kinds = promql.one_of("kind", UPDATES)

    def noticed(*matchers: str) -> str:
        # Each event is reported for a day; an exporter that was down for an hour no longer counts.
        events = promql.over(select(health.EVENT, kinds, *matchers), "1h")
        return f"last_over_time({events}) > time() - {promql.seconds(_UPDATED):g}"

    return (
        f"({promql.aggregate('count', STORE, other)} > 1)"
        f" or {promql.aggregate('count', STORE, noticed())}"
        # An event that an org reported for all its stores has no domain.
        f" or {series.STORE_UP} and on (org) ({noticed(equal('domain', ''))})"
    )


_SHARE, _BEFORE = _checkouts_failing("30m"), _checkouts_failing("1d", _UPDATED)
_CALLS = f"{30 * MINUTE} * avg_over_time({promql.over(series.CHECKOUT_MEASURED, '30m')})"
CHECKOUT_ERRORS_AFTER_UPDATE = _alert(
    AlertName.STORE_CHECKOUT_ERRORS_AFTER_UPDATE,
    f"(({_SHARE}) > {THRESHOLDS.checkout_failure_share:g})"
    f" and (({_SHARE}) > {THRESHOLDS.checkout_factor:g} * ({_BEFORE}))"
    f" and ({_CALLS} >= {THRESHOLDS.checkout_minimum:g})"
    f" and ({_updated()})",
    10 * MINUTE,
    "critical",
    "Checkouts fail after an update.",
    "Checkouts failed after an update.",
    f"{SHARE} of the cart and checkout calls at {WHO} failed in "
    f"the last half hour; something was updated within {_UPDATED[:-1]} hours.",
    f"""
    The shop software, a plugin, the theme or an application changed within the last {_UPDATED[:-1]}
    hours. Since then more than {THRESHOLDS.checkout_failure_share:.0%} of the calls that fill carts
    and check out fail: more than {THRESHOLDS.checkout_factor:g} times the share of the day before,
    among at least {THRESHOLDS.checkout_minimum:g} calls in half an hour. Shoppers' mistakes are not
    counted.

    - Look at the errors dashboard, filtered by this store: which operations fail, and how?
    - What was updated? The shop dashboard lists each change with the versions before and after.
    - Go through the checkout as a shopper would.

    - Roll the update back, or disable the plugin that is incompatible with it.
    - Tell the merchant; sales are lost until then.
    """,
    inhibited_by=UNUSABLE,
    window="30m",
)

_FOUND = [*ORDER_DROUGHT, PAYMENTS_FAILING, PAYMENT_METHOD_FAILING, CHECKOUT_ERRORS_AFTER_UPDATE]
GROUPS = [Group("store-exporter.alerts.sales", _FOUND, interval=SELDOM)]
