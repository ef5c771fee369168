"""Many stores that fail at once."""

from __future__ import annotations

from store_exporter.metrics.catalogue import health
from store_exporter.mixin.rules import costs
from tests.mixin.alert_cases.case import (
    LIVENESS,
    MOVED,
    STORE,
    TIMEOUTS,
    WHO,
    Case,
    failures,
    of,
    why,
)


def many(down: int, up: int) -> dict[str, str]:
    """So many stores that fail from the fifth minute on, and so many that do not."""
    shops = [f'org="org{i}", domain="shop{i}.example", platform="woocommerce"' for i in range(99)]
    return {
        of(health.UP, base=shop): "1x4 0x30" if i < down else "1x34"
        for i, shop in enumerate(shops[: down + up])
    }


IN_OUTAGE = 'org="org0", domain="shop0.example", platform="woocommerce"'


def earning(*money: float) -> dict[str, str]:
    """What those stores normally earn in an hour."""
    return {
        of(costs.REVENUE, 'currency="EUR"', base=IN_OUTAGE.replace("0", str(i))): f"{each}x34"
        for i, each in enumerate(money)
    }


def large_fleet(down: int, hosted: int) -> dict[str, str]:
    """So many stores that fail in a fleet of 120, and as many as are in one network first."""
    found = {}
    for number in range(120):
        shop = f'org="org{number}", domain="shop{number}.example", platform="woocommerce"'
        network = "192.0.2.0/24" if number < hosted else f"10.0.{number}.0/24"
        found[of(health.UP, base=shop)] = "1x4 0x30" if number < down else "1x34"
        found[of(health.NETWORK, f'network="{network}"', shop)] = "1x34"
    return found


FIVE_DOWN = "5 of the 40 woocommerce stores watched do not respond; over all platforms 5 of 40."
OUTAGE = of("ALERTS", base='alertname="StoresDown", alertstate="firing", platform="woocommerce"')
BUDGET_PAGE = 'alertname="StoreErrorBudgetBurn", alertstate="firing", severity="critical"'
OUTAGES = [
    Case(
        "StoresDown",
        "five of forty stores are told of after a minute, before each of them would be",
        many(5, 35),
        "6m",
        FIVE_DOWN,
        base='platform="woocommerce"',
    ),
    Case(
        "StoresDown",
        "it names the types of failure and the version that most have",
        {
            **many(5, 0),
            failures(health.PROBE_FAILURES, LIVENESS, "timeout", "store").replace(
                STORE, IN_OUTAGE
            ): "0x4 1+1x30",
            of(health.INFO, 'version="9.4.1"', IN_OUTAGE): "1x34",
            of(health.NETWORK, 'network="192.0.2.0/24"', IN_OUTAGE): "1x4 stale _x30",
            why(LIVENESS, "502 Bad Gateway", base=IN_OUTAGE): "_x4 1x30",
            **earning(12000, 0, 30, 500, 20),
            of(health.PROBE_FAILING_SINCE, LIVENESS, IN_OUTAGE): "_x4 240x30",
            of(costs.REVENUE, 'currency="EUR"'): "777x34",
            of(costs.ORDERS, base=IN_OUTAGE): "40x34",
        },
        "8m",
        "5 of the 5 woocommerce stores watched do not respond; over all platforms 5 of 5. Types of "
        'failure: timeout (1 store). The most frequent version among them is "9.4.1" (1 of 1 '
        'stores). The most frequent network among them is "192.0.2.0/24" (1 of 1 stores).',
        base='platform="woocommerce"',
        facts={
            "error": "502 Bad Gateway (1 store)",
            "stores": "shop0.example, shop3.example, shop2.example, shop4.example, shop1.example",
            "cost": "about 12,550 EUR an hour in 40 orders, at this time of the week",
            "loss": "about 800 EUR",
        },
    ),
    Case(
        "StoresDown",
        "of ten stores eight are named",
        many(10, 0) | earning(*range(1000, 0, -100)),
        "8m",
        "10 of the 10 woocommerce stores watched do not respond; over all platforms 10 of 10.",
        base='platform="woocommerce"',
        facts={
            "stores": ", ".join(f"shop{number}.example" for number in range(8)) + " and others",
            "cost": "about 5,500 EUR an hour, at this time of the week",
        },
    ),
    Case("StoresDown", "four stores are four messages in one", many(4, 6), "9m"),
    Case(
        "StoresDown",
        "five of a hundred and five are an ordinary day",
        many(5, 90)
        | {
            of(health.UP, base=f'org="more{i}", domain="d", platform="woocommerce"'): "1x34"
            for i in range(10)
        },
        "9m",
    ),
    Case(
        "StoresDown",
        "a host with a small part of a large fleet is an outage of its own",
        large_fleet(5, hosted=6),
        "6m",
        "5 of the 120 woocommerce stores watched do not respond; over all platforms 5 of 120. "
        'The most frequent network among them is "192.0.2.0/24" (5 of 6 stores).',
        base='platform="woocommerce"',
    ),
    Case(
        "StoresDown",
        "five of a network of twenty have nothing in common but a CDN",
        large_fleet(5, hosted=20),
        "6m",
    ),
    Case(
        "StoresDown",
        "four stores of one host are four messages in one",
        large_fleet(4, hosted=4),
        "6m",
    ),
    Case(
        "StoreDownAmongMany",
        "each org hears of its own store in an outage of many",
        {
            of(health.UP): "1x4 0x30",
            OUTAGE: "_x6 1x30",
            # What is known of the cause changes, and the alert stays the same one.
            why(LIVENESS, "HTTP 502"): "_x4 1x1 stale _x40",
            why(LIVENESS, "HTTP 500"): "_x6 1x40",
            of(health.PROBE_STATUS, LIVENESS): "200x4 500x30",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x4 268.4x30",
            of(costs.REVENUE, 'currency="EUR"'): "1240240.2x40",
            of(costs.REVENUE, 'currency="USD"'): "90x40",
            of(costs.ORDERS): "30.6x40",
        },
        "7m",
        f"{WHO} keeps failing its liveness probe, and so do many other stores; whoever runs the "
        "platform has been notified. The latest failures are of type server_error. It responds "
        "with HTTP 500.",
        labels={"audience": "org"},
        facts={
            "since": "1970-01-01 00:04:28 UTC",
            "lasted": "2m 32s",
            "error": "HTTP 500",
            "error_type": "server_error",
            "cost": "about 1,240,240 EUR an hour in 31 orders, at this time of the week",
            "loss": "about 52,230 EUR",
        },
    ),
    Case(
        "StoreDownAmongMany",
        "a store that was of another platform minutes ago holds up no other",
        {
            of(health.UP): "1x4 stale",
            of(health.UP, base=MOVED): "_x4 0x10",
            OUTAGE.replace("woocommerce", "shopify"): "_x6 1x30",
            of(costs.ORDERS): "30x20",
            of(costs.ORDERS, base=MOVED): "20x20",
            of(costs.REVENUE, 'currency="EUR"'): "100x20",
        },
        "8m",
        f"{WHO} keeps failing its liveness probe, and so do many other stores; whoever runs the "
        "platform has been notified.",
        base=MOVED,
        labels={"audience": "org"},
        facts={"cost": "about 100 EUR an hour in 30 orders, at this time of the week"},
    ),
    Case(
        "StoreDownAmongMany",
        "it is told though nothing is known of the cause",
        {of(health.UP): "1x4 0x30", OUTAGE: "_x6 1x30"},
        "9m",
        f"{WHO} keeps failing its liveness probe, and so do many other stores; whoever runs the "
        "platform has been notified.",
        labels={"audience": "org"},
    ),
    Case(
        "StoreDownAmongMany",
        "a store that is down alone is not among many, nor one of another platform",
        {of(health.UP): "1x4 0x30", OUTAGE.replace("woocommerce", "shopify"): "1x34"},
        "20m",
    ),
    Case(
        "StoreUnstable",
        "a store that fails one probe in three is told of within a quarter of an hour",
        {of(health.UP): "1x4" + " 0 1 1" * 10, TIMEOUTS: "0+1x34"},
        "15m",
        f"{WHO} was down for 25% of the last half hour, in short outages. The latest "
        "failures are of type timeout.",
    ),
    Case(
        "StoreUnstable",
        "it goes on for half an hour after the last failure, so that it is one message",
        {of(health.UP): "1x4" + " 0 1 1" * 10 + " 1x60"},
        "50m",
        f"{WHO} was down for 13% of the last half hour, in short outages.",
    ),
    Case(
        "StoreUnstable",
        "what came and went in maintenance is no pattern afterwards",
        {
            of(health.UP): "1x4" + " 0 1 1" * 5 + " 1x60",
            of(health.MAINTENANCE): "0x4 1x15 0x60",
        },
        "25m",
    ),
    Case(
        "StoreUnstable",
        "an outage and a second one are no pattern",
        {
            of(health.UP): "1x4 0x5 1x5 0x5 1x20",
        },
        "25m",
    ),
    *(
        Case(
            "StoreUnstable",
            says,
            {
                of(health.UP): "1x4" + " 0 1 1" * 30,
                of("ALERTS", f'{BUDGET_PAGE}, slo="{slo}"'): "1x90",
            },
            "80m",
            message,
        )
        for slo, says, message in (
            (
                "latency",
                "a page about how slow a store is says nothing of one that comes and goes",
                f"{WHO} was down for 33% of the last half hour, in short outages.",
            ),
            ("uptime", "a page about its uptime does", None),
        )
    ),
]
