"""Figures of collectors, and whether these are still read."""

from __future__ import annotations

from store_exporter.metrics.catalogue import business
from store_exporter.mixin import series
from tests.mixin.alert_cases.case import WHO, Case, failures, of

ORDERS = of(business.COLLECTOR_SUCCESS, 'collector="orders"')
BUSINESS = [
    Case(
        "StorePaymentsFailing",
        "half of the payments of an hour failing is a page",
        {
            of(business.ORDERS, 'status="failed"'): "0+1x80",
            of(business.ORDERS_PAID): "0+1x80",
        },
        "80m",
        f"50% of the payments at {WHO} failed in the last hour.",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "a tenth of the payments failing is an ordinary day",
        {
            of(business.ORDERS, 'status="failed"'): "0+0.1x80",
            of(business.ORDERS_PAID): "0+1x80",
        },
        "80m",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "three failed payments of four are too few to mean anything",
        {
            of(business.ORDERS, 'status="failed"'): "0+0.05x80",
            of(business.ORDERS_PAID): "0+0.02x80",
        },
        "80m",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "eight failures of nine payments are a tiny shop's bad hour",
        {
            of(business.ORDERS, 'status="failed"'): "0x20 8x60",
            of(business.ORDERS_PAID): "0x20 1x60",
        },
        "70m",
        groups=("business", "payments"),
    ),
    *(
        Case(
            "StorePaymentsFailing",
            f"{failed} failures of eleven payments are {what}",
            {
                of(business.ORDERS, 'status="failed"'): f"0x20 {failed}x60",
                of(business.ORDERS_PAID): f"0x20 {11 - failed}x60",
            },
            "70m",
            fires,
            groups=("business", "payments"),
        )
        for failed, what, fires in (
            (5, "chance", None),
            (7, "a page", f"63% of the payments at {WHO} failed in the last hour."),
        )
    ),
    Case(
        "StorePricesChanged",
        "a third of what sold today is cheaper after weeks of usual prices",
        {
            of(business.PRODUCTS_SOLD, 'price="usual"'): "30x216 18x6",
            of(business.PRODUCTS_SOLD, 'price="lower"'): "1x216 9x6",
            of(business.PRODUCTS_SOLD, 'price="higher"'): "0x216 3x6",
        },
        "221h",
        f"12 products of {WHO} that sold today were much cheaper or dearer than usual. "
        "9 of them were cheaper.",
        severity="warning",
        step="1h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StorePricesChanged",
        "a shop that has as many other prices every day, such as one with daily sales",
        {
            of(business.PRODUCTS_SOLD, 'price="usual"'): "18x222",
            of(business.PRODUCTS_SOLD, 'price="lower"'): "12x222",
        },
        "221h",
        step="1h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StorePricesChanged",
        "seven products of a small shop mean nothing",
        {
            of(business.PRODUCTS_SOLD, 'price="usual"'): "9x216 2x6",
            of(business.PRODUCTS_SOLD, 'price="higher"'): "0x216 7x6",
        },
        "221h",
        step="1h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StorePricesChanged",
        "a new shop has no week that it could be compared with",
        {
            of(business.PRODUCTS_SOLD, 'price="usual"'): "10x12",
            of(business.PRODUCTS_SOLD, 'price="lower"'): "20x12",
        },
        "10h",
        step="1h",
        groups=("surges", "surges.week"),
    ),
    Case(
        "StoreBestSellersOutOfStock",
        "three best sellers out of stock are context",
        {of(business.BEST_SELLERS_OUT): "3x200", of(series.orders_in("1d")): "5x200"},
        "7d",
        f"3 of the best-selling products of {WHO} are out of stock.",
        "info",
        step="1h",
    ),
    Case(
        "StoreBestSellersOutOfStock",
        "a shop with two orders a day has no product that sells well enough to be missed",
        {of(business.BEST_SELLERS_OUT): "3x200", of(series.orders_in("1d")): "2x200"},
        "7d",
        step="1h",
    ),
    Case(
        "StoreBestSellersOutOfStock",
        "a full shelf is none",
        {of(business.BEST_SELLERS_OUT): "0x200", of(series.orders_in("1d")): "5x200"},
        "7d",
        step="1h",
    ),
    Case(
        "StoreWebhooksDisabled",
        "two disabled webhooks are a ticket",
        {
            of(business.WEBHOOKS, 'state="disabled"'): "2x20",
            of(business.WEBHOOKS, 'state="active"'): "5x20",
        },
        "20m",
        f"2 webhooks of {WHO} are disabled; integrations miss events.",
        "warning",
    ),
    Case(
        "StoreWebhooksDisabled",
        "one is in the singular",
        {of(business.WEBHOOKS, 'state="disabled"'): "1x20"},
        "20m",
        f"1 webhook of {WHO} is disabled; integrations miss events.",
        "warning",
    ),
    Case(
        "StoreWebhooksDisabled",
        "paused and active ones are not",
        {
            of(business.WEBHOOKS, 'state="disabled"'): "0x20",
            of(business.WEBHOOKS, 'state="paused"'): "5x20",
        },
        "20m",
    ),
    Case(
        "StoreBackgroundJobsStuck",
        "forty overdue jobs are a ticket",
        {of(business.SCHEDULED_ACTIONS, 'state="overdue"'): "40x40"},
        "35m",
        f"40 background jobs of {WHO} are overdue.",
        "warning",
        {"state": "overdue"},
    ),
    Case(
        "StoreBackgroundJobsStuck",
        "a long queue of pending jobs is not, nor are a handful of overdue ones",
        {
            of(business.SCHEDULED_ACTIONS, 'state="pending"'): "400x40",
            of(business.SCHEDULED_ACTIONS, 'state="overdue"'): "4x40",
        },
        "35m",
    ),
    Case(
        "StoreBackgroundJobsStuck",
        "nor are those that two exporters see",
        {
            of(business.SCHEDULED_ACTIONS, 'state="overdue", instance="a"'): "20x40",
            of(business.SCHEDULED_ACTIONS, 'state="overdue", instance="b"'): "20x40",
        },
        "35m",
    ),
    Case(
        "StoreFiguresStale",
        "figures that missed more than three runs are stale",
        {
            of(business.COLLECTOR_LAST_SUCCESS, 'collector="orders"'): "0x40",
            of(business.COLLECTOR_INTERVAL, 'collector="orders"'): "300x40",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "timeout", "store"): (
                "0+0.2x40"
            ),
        },
        "30m",
        f"The orders figures of {WHO} are 30m old. The latest failures are of type timeout.",
        "warning",
        {"collector": "orders", "reason": "late"},
    ),
    Case(
        "StoreFiguresStale",
        "figures that could never be read are missed after an hour",
        {
            of(business.COLLECTOR_INTERVAL, 'collector="orders"'): "300x80",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "0x80",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "timeout", "store"): (
                "1+0.2x80"
            ),
        },
        "70m",
        f"The orders figures of {WHO} have never been read."
        " The latest failures are of type timeout.",
        "warning",
        {"collector": "orders", "reason": "never"},
    ),
    Case(
        "StoreFiguresStale",
        "a collector that has not run since the start, and so never failed, is missed as well",
        {of(business.COLLECTOR_INTERVAL, 'collector="orders"'): "300x80"},
        "70m",
        f"The orders figures of {WHO} have never been read.",
        "warning",
        {"collector": "orders", "reason": "never"},
    ),
    Case(
        "StoreFiguresStale",
        "a daily figure that is hours old is fresh",
        {
            of(business.COLLECTOR_LAST_SUCCESS, 'collector="customers"'): "0x600",
            of(business.COLLECTOR_INTERVAL, 'collector="customers"'): "86400x600",
        },
        "9h",
    ),
]
