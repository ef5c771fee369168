"""Alerts on a shop's business: orders, payments, stock, background work, fresh figures."""

from __future__ import annotations

from ...metrics.catalogue import business
from .. import promql, rules
from ..model import Alert, Group, Runbook
from ..policy import MINUTE, ORDERS_COLLECTOR, SEASONAL, THRESHOLDS, Uid
from ..promql import STORE, equal, select
from .stores import WHO, cause

COLLECTOR = (*STORE, "collector")


def groups() -> list[Group]:
    """Every alert on the business of shops."""
    return [
        Group(
            "store-exporter.alerts.business",
            [
                *order_drought(),
                payments_failing(),
                best_sellers_out(),
                webhooks_disabled(),
                background_jobs_stuck(),
                figures_stale(),
            ],
        )
    ]


def order_drought() -> list[Alert]:
    """Nothing was sold although this weekday and hour normally sells."""
    runbook = Runbook(
        "Not one order was paid within the window, although at this weekday and hour the shop "
        f"normally sells at least {SEASONAL.drought_minimum:g} within it. Normal is the median of "
        f"the last {SEASONAL.weeks} weeks; there is no alert while fewer than {SEASONAL.history} "
        "of them are known. By chance this happens less than once in 20,000 windows, so the "
        "shop most likely cannot sell, even if its pages and API answer.",
        (
            "Buy something, or at least go as far as the payment page, as a shopper would.",
            (
                "The shop dashboard shows failed payments and abandoned carts: are shoppers "
                "arriving and giving up, or are they not arriving?"
            ),
            "The operations dashboard shows whether the cart operations fail.",
            "Is it a public holiday, or did a campaign end? Then it is no fault.",
        ),
        (
            "Tell the merchant at once: it is losing sales now.",
            (
                "Typical causes are a payment provider's outage or expired account, a plugin "
                "or theme update that broke the checkout, a wrong shipping zone, a lost domain "
                "or feed."
            ),
        ),
    )
    fresh = select(business.COLLECTOR_SUCCESS, equal("collector", ORDERS_COLLECTOR))
    return [
        Alert(
            "StoreOrderDrought",
            f"({rules.orders_normal(window)} >= {SEASONAL.drought_minimum:g})"
            f" and ({rules.orders_in(window)} == 0)"
            f" and {promql.on(*STORE)} ({fresh} == 1)",
            10 * MINUTE,
            "critical",
            "A shop sells nothing although it normally does at this hour of the week.",
            f"{WHO} had no order in the last {window}; normally it has "
            '{{ $value | printf "%.0f" }} at this time of the week.',
            Uid.SHOP,
            runbook,
            labels={"window": window},
        )
        for window in SEASONAL.drought_windows
    ]


def payments_failing() -> Alert:
    """Many orders fail to be paid."""
    failed = promql.total(STORE, promql.increase(business.ORDERS, "1h", equal("status", "failed")))
    paid = promql.or_zero(rules.ORDERS_HOURLY, failed)
    every = f"(({failed} + {paid}) >= {THRESHOLDS.payment_minimum:g})"
    return Alert(
        "StorePaymentsFailing",
        f"{failed} / {every} > {THRESHOLDS.payment_failure_share:g}",
        10 * MINUTE,
        "critical",
        "Many payments of a shop fail.",
        f"{{{{ $value | humanizePercentage }}}} of the payments at {WHO} failed in the last hour.",
        Uid.SHOP,
        Runbook(
            f"More than {THRESHOLDS.payment_failure_share:.0%} of the orders of the last hour "
            f"ended in the status failed, of at least {THRESHOLDS.payment_minimum:g} orders. "
            "Either the payment provider or its plugin does not work, or somebody tests stolen "
            "cards on the shop.",
            (
                "Open some failed orders in the shop: their notes have the provider's reason.",
                "Many small orders from different names within minutes are card testing.",
                "Look at the provider's status page.",
            ),
            (
                "For an outage: offer another payment method until it ends.",
                (
                    "For card testing: turn on the provider's fraud rules and a captcha; tell the "
                    "provider."
                ),
                "For a configuration fault: renew the provider's keys in the shop.",
            ),
        ),
    )


def best_sellers_out() -> Alert:
    """Products that sell well are out of stock."""
    out = promql.aggregate("max", STORE, select(business.BEST_SELLERS_OUT))
    return Alert(
        "StoreBestSellersOutOfStock",
        f"{out} > 0",
        30 * MINUTE,
        "info",
        "Best-selling products are out of stock.",
        f"{{{{ $value }}}} of the best-selling products of {WHO} are out of stock.",
        Uid.SHOP,
        Runbook(
            "Products among the best sellers of the last month cannot be bought any more. "
            "Shoppers who come for them leave.",
            ("Run `store-exporter run get_low_stock_products --store DOMAIN` for the list.",),
            (
                "The merchant restocks, or allows back-orders.",
                "If the stock is wrong, correct it; imports from other systems are often why.",
            ),
        ),
    )


def webhooks_disabled() -> Alert:
    """The platform switched webhooks off after failed deliveries."""
    disabled = promql.total(STORE, select(business.WEBHOOKS, equal("state", "disabled")))
    return Alert(
        "StoreWebhooksDisabled",
        f"{disabled} > 0",
        15 * MINUTE,
        "warning",
        "Webhooks of a store are disabled.",
        f"{{{{ $value }}}} webhooks of {WHO} are disabled; integrations miss events.",
        Uid.SHOP,
        Runbook(
            "The platform disables a webhook after several deliveries in a row failed. Whoever "
            "relies on it (fulfilment, accounting, the application) no longer hears of new "
            "orders, without any error on their side.",
            (
                (
                    "In the shop's settings, the list of webhooks shows which are disabled and "
                    "where they deliver to; the delivery log shows the last answer."
                ),
            ),
            (
                "Repair the receiving end, then enable the webhook again.",
                "Have the receiver fetch what it missed since the webhook was disabled.",
                "Delete webhooks that nobody needs any more.",
            ),
        ),
    )


def background_jobs_stuck() -> Alert:
    """The platform's own background jobs do not run."""
    late = select(business.SCHEDULED_ACTIONS, promql.one_of("state", ("overdue", "failed")))
    return Alert(
        "StoreBackgroundJobsStuck",
        f"{promql.total((*STORE, 'state'), late)} > {THRESHOLDS.scheduled_actions:g}",
        30 * MINUTE,
        "warning",
        "Background jobs of a store do not run.",
        f"{{{{ $value | humanize }}}} background jobs of {WHO} are {{{{ $labels.state }}}}.",
        Uid.SHOP,
        Runbook(
            "The shop's own scheduled jobs are overdue or fail: e-mails, subscription renewals, "
            "stock holds, analytics. In WooCommerce they depend on WP-Cron, which runs only when "
            "pages are visited, unless a system timer drives it.",
            (
                "WooCommerce, Status, Scheduled Actions lists them with the error of each.",
                "Are analytics in the shop's own reports days old? Then nothing runs at all.",
            ),
            (
                "Have a system timer call `wp-cron.php` every minute and set `DISABLE_WP_CRON`.",
                "Remove the failed actions of plugins that no longer exist.",
            ),
        ),
    )


def figures_stale() -> Alert:
    """A collector has not succeeded for several of its intervals."""
    age = f"time() - {promql.aggregate('max', COLLECTOR, select(business.COLLECTOR_LAST_SUCCESS))}"
    interval = promql.aggregate("max", COLLECTOR, select(business.COLLECTOR_INTERVAL))
    return Alert(
        "StoreFiguresStale",
        f"{age} > {THRESHOLDS.stale_intervals:g} * {interval}",
        5 * MINUTE,
        "warning",
        "Business figures of a store are not refreshed.",
        f"The {{{{ $labels.collector }}}} figures of {WHO} are "
        "{{ $value | humanizeDuration }} old." + cause("collector"),
        Uid.SHOP,
        Runbook(
            f"A collector has not succeeded for more than {THRESHOLDS.stale_intervals:g} of its "
            "intervals. Its figures have been withdrawn from `/metrics` rather than shown as if "
            "they were true; panels show no data.",
            (
                "Read the error type in the message; the table below says what each means.",
                "`store-exporter probe DOMAIN` runs every collector once and says what happened.",
                "Is the request budget spent (StoreApiBudgetLow)? Then it waits.",
            ),
            (
                "Act on the error type; a timeout wants a longer timeout or interval.",
                "Switch a collector off that this store cannot serve.",
            ),
        ),
        by=COLLECTOR,
    )
