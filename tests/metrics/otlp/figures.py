"""The same figures by two ways: what is recorded, how it is pushed, and what is asked."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.families import Sample
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import Recorder

STORE = ("acme", "shop.example.com", "woocommerce")
_RANDOM = random.Random(3)
DURATIONS = [_RANDOM.lognormvariate(-1.5, 0.8) for _ in range(2000)]
EXPONENTIAL = "base2_exponential_bucket_histogram"
Series = dict[tuple[tuple[str, str], ...], float]
Ask = Callable[[str, str], Series]
"""Runs a query, in which `SELECTOR` stands for the way that the figures came."""


def recorded() -> Recorder:
    recorder = Recorder()
    for name, errors in (("add_to_cart", 500), ("get_order", 20)):
        operation = recorder.operation(*STORE, name)
        for number, seconds in enumerate(DURATIONS):
            operation.start()
            if number < errors:
                operation.fail(seconds, "out_of_stock" if number % 2 else "timeout")
            else:
                operation.finish(seconds)
    recorder.operation(*STORE, "get_order").start()
    recorder.publish(
        "probes",
        STORE,
        [
            Sample(health.UP, 1),
            Sample(health.TLS_EXPIRY, 1.9e9),
            Sample(health.PROBE_PHASE, 0.25, {"probe": "api", "phase": "connect"}),
            Sample(business.REVENUE, 1234.5, {"currency": "EUR"}),
            Sample(business.ORDERS, 42, {"status": "completed"}),
            Sample(business.ORDERS_CURRENT, 3, {"status": "processing"}),
        ],
    )
    recorder.observe(health.PROBE_DURATION, (*STORE, "api"), 0.3)
    return recorder


def assert_alike(ask: Ask, promql: str) -> None:
    """Check that a query has the same result for scraped and for pushed figures."""
    scraped = ask(promql, "scraped")
    assert scraped
    assert ask(promql, "pushed") == pytest.approx(scraped)


def push(recorder: Recorder, service: str) -> None:
    pusher = start_otlp(recorder, interval=3600, resource={"service.name": service})
    assert pusher.flush(20)
    pusher.shutdown()


QUESTIONS = """
sum by (org, domain, platform, operation) (store_operations_total{SELECTOR})
sum by (org, operation, error_type, fault) (store_operation_errors_total{SELECTOR})
sum by (org) (store_operation_errors_total{SELECTOR,fault!="customer"})
sum by (operation) (store_operation_duration_seconds_sum{SELECTOR})
sum by (operation) (store_operation_duration_seconds_count{SELECTOR})
histogram_quantile(0.9, sum by (le, operation) (store_operation_duration_seconds_bucket{SELECTOR}))
sum by (operation) (store_operations_in_progress{SELECTOR})
sum by (org, domain, probe, phase) (store_probe_phase_seconds{SELECTOR})
histogram_quantile(0.5, sum by (le, probe) (store_probe_duration_seconds_bucket{SELECTOR}))
min by (org, domain, platform) (store_up{SELECTOR})
sum by (org, currency) (store_revenue_total{SELECTOR})
sum by (org, status) (store_orders_total{SELECTOR})
sum by (org, status) (store_orders_current{SELECTOR})
sum by (domain) (store_tls_certificate_expiry_timestamp_seconds{SELECTOR})
""".strip().splitlines()
"""Queries in which `SELECTOR` stands for the way that the figures came."""
