"""The shop's own figures, gathered by collectors, and how fresh they are."""

from __future__ import annotations

from .health import STORE_LABELS
from .model import counter, gauge

ORDERS = counter(
    "store_orders_total",
    "Orders that entered this status since counting began; each order counts once per status.",
    (*STORE_LABELS, "status"),
    "{order}",
    persistent=True,
)
ORDERS_PAID = counter(
    "store_orders_paid_total",
    "Orders that were paid, each counted once, when first paid: the orders of the revenue.",
    STORE_LABELS,
    "{order}",
    persistent=True,
)
PAYMENTS = counter(
    "store_payments_total",
    "Orders by the id of their payment method and by result: paid, which may be authorised "
    "only, or failed; each order counts once per method and result. Above sixteen methods, "
    "further ones count as other. The platform's page describes which failed payments are "
    "visible.",
    (*STORE_LABELS, "payment_method", "result"),
    "{order}",
    persistent=True,
)
REVENUE = counter(
    "store_revenue_total",
    "Amounts paid for orders, including tax and shipping, and amounts added to paid orders "
    "later. The amount of an order is the one charged, independent of the decimals that the "
    "shop displays.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
REFUNDS = counter(
    "store_refunds_total",
    "Amounts refunded on orders, as a positive number, each counted once.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
CORRECTIONS = counter(
    "store_order_corrections_total",
    "Amounts by which counted orders decreased without a refund (lowered, deleted, moved to the "
    "trash), or by a refund dated before counting began, as a positive number. After every run "
    "of the collector `orders`, revenue minus refunds minus corrections equals the sum of the "
    "counted orders in the store's own list, minus their refunds.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
ORDERS_CURRENT = gauge(
    "store_orders_current",
    "Orders that are in this status now.",
    (*STORE_LABELS, "status"),
    "{order}",
)
PRODUCTS = gauge(
    "store_products",
    "Products and variations, counted separately, by stock: in, low (in stock, at or below "
    "their threshold) or out. The platform's page defines these states.",
    (*STORE_LABELS, "stock"),
    "{product}",
)
BEST_SELLERS_OUT = gauge(
    "store_best_sellers_out_of_stock",
    "How many of the up to twelve best-selling products of the last 30 days are out of stock.",
    STORE_LABELS,
    "{product}",
)
PRODUCTS_SOLD = gauge(
    "store_products_sold",
    "Products sold within the last day, by price: usual, or lower by more than a fifth or "
    "higher by more than a quarter than the median of their earlier orders within 30 days. Only "
    "products with at least two earlier orders count.",
    (*STORE_LABELS, "price"),
    "{product}",
)
CARTS_ABANDONED = gauge(
    "store_carts_abandoned",
    "Checkouts that were started, not paid, and unchanged for more than an hour and at most a "
    "week (configurable). The platform's page defines when a checkout is started.",
    STORE_LABELS,
    "{cart}",
)
CART_ABANDONED_VALUE = gauge(
    "store_cart_abandoned_value",
    "Total value of the abandoned checkouts.",
    (*STORE_LABELS, "currency"),
    "{money}",
)
CUSTOMERS = gauge(
    "store_customers",
    "Customers with an account in the store.",
    STORE_LABELS,
    "{customer}",
)
WEBHOOKS = gauge(
    "store_webhooks",
    "Webhooks by state: active, paused or disabled (the platform disables failing ones).",
    (*STORE_LABELS, "state"),
    "{webhook}",
)
SCHEDULED_ACTIONS = gauge(
    "store_scheduled_actions",
    "Background jobs by state: overdue. The platform's page describes which jobs are visible.",
    (*STORE_LABELS, "state"),
    "{action}",
)
COLLECTOR_SUCCESS = gauge(
    "store_collector_success",
    "Whether the last run of this collector succeeded (1) or failed (0).",
    (*STORE_LABELS, "collector"),
)
COLLECTOR_DURATION = gauge(
    "store_collector_duration_seconds",
    "Duration of this collector's last run.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_LAST_SUCCESS = gauge(
    "store_collector_last_success_timestamp_seconds",
    "When this collector last succeeded, in Unix time.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_INTERVAL = gauge(
    "store_collector_interval_seconds",
    "The configured interval of this collector.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_BACKLOG = gauge(
    "store_collector_backlog",
    "Changed records that this collector has not read yet; its counters are complete at 0.",
    (*STORE_LABELS, "collector"),
    "{record}",
)
COLLECTOR_FAILURES = counter(
    "store_collector_failures_total",
    "Failed runs of this collector, by error type and fault (who must act).",
    (*STORE_LABELS, "collector", "error_type", "fault"),
    "{run}",
)
