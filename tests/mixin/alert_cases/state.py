"""Saved state, discovered stores, and several exporters that watch the same stores."""

from __future__ import annotations

from store_exporter.metrics.catalogue import exporter, health
from tests.mixin.alert_cases.case import PROCESS, Case, of

STATE = [
    Case(
        "StoreDiscoveryFailing",
        "a source of stores that fails again and again is a ticket",
        {of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x4 5x20"},
        "16m",
        "exporter:10847 could not read the stores of acme 3 times in a row; stores found "
        "earlier are still watched.",
        "warning",
        {"org": "acme"},
        PROCESS,
    ),
    Case(
        "StoreDiscoveryFailing",
        "a restart of the exporter, which counts from one again, does not end it",
        {of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x4 2x20 _x1 0 1 2x20"},
        "29m",
        "exporter:10847 could not read the stores of acme 2 times in a row; stores found earlier "
        "are still watched.",
        "warning",
        {"org": "acme"},
        PROCESS,
    ),
    Case(
        "StoreDiscoveryFailing",
        "one look that failed is made again",
        {of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x20 1x40"},
        "50m",
        base=PROCESS,
    ),
    Case(
        "StoreDiscoveryFailing",
        "it ends soon after the first look that succeeds, however often it failed before",
        {
            of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x4 0x20",
            of(exporter.DISCOVERY_FAILURES, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x24",
        },
        "32m",
        base=PROCESS,
    ),
    Case(
        "StoreDiscoveryRefused",
        "a domain that is another org's is a ticket for the platform, with who names it",
        {
            of(exporter.DISCOVERY_REFUSED, 'org="evil", reason="contested"', PROCESS): "0x5 2x40",
            of(exporter.DISCOVERY_REFUSED, 'org="zen", reason="contested"', PROCESS): "0x5 1x40",
            of(exporter.DISCOVERY_REFUSED, 'org="acme", reason="contested"', PROCESS): "0x45",
            of(exporter.DISCOVERY_REFUSED, 'org="acme", reason="invalid"', PROCESS): "0x45",
        },
        "20m",
        "exporter:10847 refuses 3 domains for reason contested, which sources of evil, zen name.",
        "warning",
        {"reason": "contested"},
        PROCESS,
    ),
    Case(
        "StoreDiscoveryRefused",
        "one that was dropped again is nothing to tell of",
        {of(exporter.DISCOVERY_REFUSED, 'org="evil", reason="contested"', PROCESS): "2x3 0x40"},
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreStateLost",
        "damaged state is a ticket at once",
        {of(exporter.STATE_LOSSES, base=PROCESS): "0x10 1x60"},
        "12m",
        "exporter:10847 lost saved state; orders and revenue may count only from then on.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreStateFull",
        "a full disk wakes somebody within minutes",
        {of(exporter.STATE_ERRORS, 'reason="full"', PROCESS): "7x10 8+3x20"},
        "15m",
        # `increase` says 14.4.
        "exporter:10847 could not save 14 runs within ten minutes, because the disk is full. "
        "Counters stand still; nothing is lost.",
        base=PROCESS,
    ),
    Case(
        "StoreStateFull",
        "a single run is one run",
        {of(exporter.STATE_ERRORS, 'reason="full"', PROCESS): "0x10 1x20"},
        "14m",
        "exporter:10847 could not save 1 run within ten minutes, because the disk is full. "
        "Counters stand still; nothing is lost.",
        base=PROCESS,
    ),
    Case(
        "StoreStateFull",
        "a database that is away is no full disk",
        {of(exporter.STATE_ERRORS, 'reason="unavailable"', PROCESS): "0x10 1+2x20"},
        "30m",
        base=PROCESS,
    ),
    Case(
        "StoreStateUnavailable",
        "a state that cannot be used for a quarter of an hour wakes somebody",
        {of(exporter.STATE_ERRORS, 'reason="unavailable"', PROCESS): "0+2x30"},
        "20m",
        "exporter:10847 skipped 20 runs within ten minutes, for reason unavailable. "
        "Counters stand still; nothing is lost.",
        labels={"reason": "unavailable"},
        base=PROCESS,
    ),
    Case(
        "StoreStateUnavailable",
        "a database that is restarted wakes nobody",
        {of(exporter.STATE_ERRORS, 'reason="unavailable"', PROCESS): "0x10 40x30"},
        "30m",
        base=PROCESS,
    ),
    Case(
        "StoreStateLost",
        "a counter that begins as nothing has lost nothing",
        {of(exporter.STATE_LOSSES, base=PROCESS): "_x5 0x60"},
        "20m",
        base=PROCESS,
    ),
]

SHOPS = 'platform="woocommerce"'
FIRST, SECOND = ('job="store-exporter", instance="a"', 'job="store-exporter", instance="b"')

REPLICAS = [
    Case(
        "StoreWatchedTwice",
        "two exporters that watch the same store are a ticket",
        {
            of(exporter.STORES, SHOPS, FIRST): "1x60",
            of(exporter.STORES, SHOPS, SECOND): "1x60",
            of(health.UP, 'instance="a"'): "1x60",
            of(health.UP, 'instance="b"'): "1x60",
        },
        "30m",
        "Stores that are watched more than once: 1.",
        "warning",
        base="",
    ),
    Case(
        "StoreWatchedTwice",
        "they are found as well where the label instance is replaced",
        {
            of(exporter.STORES, SHOPS, FIRST): "1x60",
            of(exporter.STORES, SHOPS, SECOND): "1x60",
            of(health.UP, 'instance="books.example"'): "1x60",
        },
        "30m",
        "Stores that are watched more than once: 1.",
        "warning",
        base="",
    ),
    Case(
        "StoreWatchedTwice",
        "one that stands by for the other is none too many, nor is a takeover",
        {
            of(exporter.STORES, SHOPS, FIRST): "1x20 stale",
            of(exporter.STORES, SHOPS, SECOND): "0x19 1x40",
            of(health.UP, 'instance="a"'): "1x20 stale",
            of(health.UP, 'instance="b"'): "_x19 1x40",
        },
        "30m",
        base="",
    ),
    Case(
        "StoresUnwatched",
        "two that both stand by leave the stores alone, which is a page",
        {
            of(exporter.STORES, SHOPS, FIRST): "3x5 0x20",
            of(exporter.STORES_STANDBY, SHOPS, FIRST): "0x5 3x20",
            of(exporter.STORES, SHOPS, SECOND): "0x30",
            of(exporter.STORES_STANDBY, SHOPS, SECOND): "3x30",
        },
        "15m",
        "3 woocommerce stores are not watched, so nobody knows whether they are up.",
        labels={"platform": "woocommerce"},
        base="",
    ),
    Case(
        "StoresUnwatched",
        "one that watches is enough",
        {
            of(exporter.STORES, SHOPS, FIRST): "3x30",
            of(exporter.STORES_STANDBY, SHOPS, SECOND): "3x30",
        },
        "15m",
        base="",
    ),
]
