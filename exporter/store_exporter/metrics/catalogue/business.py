"""The shop's own figures, gathered by collectors, and how fresh they are."""

from __future__ import annotations

from .health import STORE_LABELS
from .model import Kind, Metric

ORDERS = Metric(
    "store_orders_total",
    Kind.COUNTER,
    "Orders that entered this status since counting began; each order counts once per status.",
    (*STORE_LABELS, "status"),
    "{order}",
    persistent=True,
)
ORDERS_PAID = Metric(
    "store_orders_paid_total",
    Kind.COUNTER,
    "Orders when they are first paid, counted once each: the orders behind the revenue.",
    STORE_LABELS,
    "{order}",
    persistent=True,
)
PAYMENTS = Metric(
    "store_payments_total",
    Kind.COUNTER,
    "Orders by the id of their payment method and by result: paid, which may be authorised only, "
    "or failed; each order counts once for each method and result. Beyond sixteen methods they "
    "count as other. What is known of payments that fail stands on the platform's page.",
    (*STORE_LABELS, "payment_method", "result"),
    "{order}",
    persistent=True,
)
REVENUE = Metric(
    "store_revenue_total",
    Kind.COUNTER,
    "What was paid for orders, tax and shipping included, and what was added to paid orders later. "
    "An order's amount is what was charged, whatever number of decimals the shop shows.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
REFUNDS = Metric(
    "store_refunds_total",
    Kind.COUNTER,
    "Amounts refunded on orders, as a positive number, counted once each.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
CORRECTIONS = Metric(
    "store_order_corrections_total",
    Kind.COUNTER,
    "What counted orders lost later otherwise than by a refund (lowered, deleted, moved to the "
    "trash) or by one with a date from before the counting, as a positive number. After every run "
    "of the collector orders, revenue less refunds less corrections is what the store's own list "
    "of the counted orders adds up to, less what it refunded of them.",
    (*STORE_LABELS, "currency"),
    "{money}",
    persistent=True,
)
ORDERS_CURRENT = Metric(
    "store_orders_current",
    Kind.GAUGE,
    "Orders that are in this status now.",
    (*STORE_LABELS, "status"),
    "{order}",
)
PRODUCTS = Metric(
    "store_products",
    Kind.GAUGE,
    "Products and variations, each on its own, by stock: in, low (still in stock, at or "
    "below their threshold) or out. What counts as each stands on the platform's page.",
    (*STORE_LABELS, "stock"),
    "{product}",
)
BEST_SELLERS_OUT = Metric(
    "store_best_sellers_out_of_stock",
    Kind.GAUGE,
    "How many of the (up to twelve) best-selling products of the last 30 days are out of stock.",
    STORE_LABELS,
    "{product}",
)
PRODUCTS_SOLD = Metric(
    "store_products_sold",
    Kind.GAUGE,
    "Products that sold within the last day, by their price: usual, or lower by more than a fifth "
    "or higher by more than a quarter than the median of their earlier orders of 30 days. Only "
    "products with two earlier orders count.",
    (*STORE_LABELS, "price"),
    "{product}",
)
CARTS_ABANDONED = Metric(
    "store_carts_abandoned",
    Kind.GAUGE,
    "Checkouts begun, not paid, and left alone for longer than an hour but not for over a week "
    "(or as configured). What counts as begun stands on the platform's page.",
    STORE_LABELS,
    "{cart}",
)
CART_ABANDONED_VALUE = Metric(
    "store_cart_abandoned_value",
    Kind.GAUGE,
    "The total value of the checkouts counted as abandoned.",
    (*STORE_LABELS, "currency"),
    "{money}",
)
CUSTOMERS = Metric(
    "store_customers",
    Kind.GAUGE,
    "Customers with an account in the store.",
    STORE_LABELS,
    "{customer}",
)
WEBHOOKS = Metric(
    "store_webhooks",
    Kind.GAUGE,
    "Webhooks by state: active, paused or disabled (the platform disables failing ones).",
    (*STORE_LABELS, "state"),
    "{webhook}",
)
SCHEDULED_ACTIONS = Metric(
    "store_scheduled_actions",
    Kind.GAUGE,
    "Background work by state: overdue. What a platform shows of it stands on the platform's page.",
    (*STORE_LABELS, "state"),
    "{action}",
)
COLLECTOR_SUCCESS = Metric(
    "store_collector_success",
    Kind.GAUGE,
    "Whether the last run of this collector succeeded (1) or failed (0).",
    (*STORE_LABELS, "collector"),
)
COLLECTOR_DURATION = Metric(
    "store_collector_duration_seconds",
    Kind.GAUGE,
    "How long the last run of this collector took.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_LAST_SUCCESS = Metric(
    "store_collector_last_success_timestamp_seconds",
    Kind.GAUGE,
    "When this collector last succeeded, in Unix time.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_INTERVAL = Metric(
    "store_collector_interval_seconds",
    Kind.GAUGE,
    "How often this collector is meant to run.",
    (*STORE_LABELS, "collector"),
    "s",
)
COLLECTOR_BACKLOG = Metric(
    "store_collector_backlog",
    Kind.GAUGE,
    "Changed records that this collector has yet to read; its counters are complete at 0.",
    (*STORE_LABELS, "collector"),
    "{record}",
)
COLLECTOR_FAILURES = Metric(
    "store_collector_failures_total",
    Kind.COUNTER,
    "Failed runs of this collector, by error type and by who must act on it.",
    (*STORE_LABELS, "collector", "error_type", "fault"),
    "{run}",
)
