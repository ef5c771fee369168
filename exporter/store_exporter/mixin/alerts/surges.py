"""Alerts on refunds, abandoned carts and changed prices far above the shop's normal values."""

from __future__ import annotations

from functools import partial

from ...metrics.catalogue import business
from ...metrics.catalogue.values import PriceChange
from .. import promql, series
from ..model import Alert, Group
from ..names import AlertName
from ..policy import HOUR, MINUTE, SEASONAL, SELDOM, THRESHOLDS
from ..promql import SHOP, STORE, equal
from ..rules import surges
from .causes import UNUSABLE, UNWATCHED
from .texts import CHANGED, THOUSANDS, WHO, queried

_alert = partial(Alert, facts={"changed": CHANGED}, inhibited_by=(UNWATCHED,))
_AMOUNT = f'{{{{ $value | printf "%.0f" | {THOUSANDS} }}}} {{{{ $labels.currency }}}}'

_LEARNT = (
    f"Normal is the median of this time of the week over the last {SEASONAL.weeks} weeks; there is "
    f"no alert while fewer than {SEASONAL.history} of them are known."
)

REFUNDS = _alert(
    AlertName.STORE_REFUND_SURGE,
    f"({surges.REFUNDS} > {THRESHOLDS.surge_factor:g} * {surges.REFUNDS_NORMAL})"
    f" and ({surges.REFUNDS} > {THRESHOLDS.refund_share:g} * {surges.REVENUE})"
    f" and {promql.on(*STORE)} ({surges.ORDERS} >= {THRESHOLDS.surge_orders:g})",
    HOUR,
    "warning",
    "A shop's refunds are unusually high.",
    "A shop's refunds were unusually high.",
    f"{WHO} refunded {_AMOUNT} within a day, more than {THRESHOLDS.surge_factor:g} times the "
    f"normal amount and more than {THRESHOLDS.refund_share:.0%} of its revenue.",
    f"""
    The refunds of a day are more than {THRESHOLDS.surge_factor:g} times the normal amount, and more
    than {THRESHOLDS.refund_share:.0%} of the day's revenue, in a shop with at least
    {THRESHOLDS.surge_orders:g} orders a day. The cause may be a faulty batch, a wrong description
    or price, a recall, or fraud with an account of the shop. {_LEARNT}

    - Which products and reasons are common to the refunded orders?
    - Who refunded them, and is that expected?
    - Did a price, description or import change in the days before?

    - Stop selling the faulty product, or correct its price.
    - If nobody at the shop did it, lock the account and its API keys.
    """,
)

ABANDONED = _alert(
    AlertName.STORE_ABANDONED_CARTS_SURGE,
    f"({surges.ABANDONED} > {THRESHOLDS.surge_factor:g} * {surges.ABANDONED_NORMAL})"
    f" and {promql.on(*STORE)} ({surges.CARTS} >= {THRESHOLDS.surge_orders:g})",
    HOUR,
    "warning",
    "Abandoned carts are unusually high.",
    "Abandoned carts were unusually high.",
    f"Carts worth {_AMOUNT} are abandoned at {WHO}, more than {THRESHOLDS.surge_factor:g} times "
    "the normal value.",
    f"""
    Shoppers began to check out and did not pay. The value of such carts is more than
    {THRESHOLDS.surge_factor:g} times the normal value, with at least {THRESHOLDS.surge_orders:g}
    carts. {_LEARNT}

    - Go through the checkout as a shopper would: which step fails or surprises?
    - Did shipping costs, payment methods or a plugin of the checkout change?
    - Many carts from few addresses are bots.

    - Correct the step that fails; tell the merchant.
    """,
    inhibited_by=(*UNUSABLE, UNWATCHED),
)

_NORMAL = series.latest(surges.REPRICED_NORMAL)
_LOWER = promql.each(
    business.PRODUCTS_SOLD, *(f"{label}=%q" for label in SHOP), equal("price", PriceChange.LOWER)
)
REPRICED = _alert(
    AlertName.STORE_PRICES_CHANGED,
    f"({surges.REPRICED} >= {THRESHOLDS.price_products:g})"
    f" and ({surges.REPRICED_SHARE} > {THRESHOLDS.price_share:g})"
    f" and ({surges.REPRICED_SHARE} > {THRESHOLDS.surge_factor:g} * {_NORMAL})",
    15 * MINUTE,
    "warning",
    "Many prices of a shop have changed.",
    "Many products of a shop sold for other prices than before.",
    f"{{{{ $value }}}} products of {WHO} that sold today were much cheaper or dearer than "
    "usual." + queried(f"sum({_LOWER})", " {{ . | first | value }} of them were cheaper.", *SHOP),
    f"""
    At least {THRESHOLDS.price_products:g} products, and more than {THRESHOLDS.price_share:.0%} of
    those that sold within the last day, sold for an unusual price: more than a fifth below or more
    than a quarter above the median of their orders in the 30 days before. That is more than
    {THRESHOLDS.surge_factor:g} times the share of the week before. Products that nobody bought are
    not checked. An import with a wrong column, a lost decimal point, a currency or tax setting, or
    a plugin for prices can cause this, and so can a planned sale.

    - Is it a planned sale? Then silence the alert until its end.
    - The shop dashboard shows when it began, and how many products became cheaper.
    - Compare the prices of today's sales with the price list.
    - The shop dashboard lists what changed: an import, a plugin, a deployment.

    - Stop the import, or undo the change to the setting or plugin; correct the prices.
    - Decide with the merchant about orders at the wrong price before they are shipped.
    """,
)

_FOUND = [REFUNDS, ABANDONED, REPRICED]
GROUPS = [Group("store-exporter.alerts.surges", _FOUND, interval=SELDOM)]
