"""What each alert must and must not fire on: input series, and what the message says.

Series are written as promtool has them: `start+stepxcount`, `_` for no sample. The clock of a case
starts at Unix time 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from store_exporter.metrics.catalogue import Metric, business, exporter, health, operations
from store_exporter.mixin import series
from store_exporter.mixin.rules import costs, slo

STORE = 'org="acme", domain="books.example", platform="woocommerce"'
PROCESS = 'job="store-exporter", instance="exporter:10847"'
WHO = "books.example (acme)"
DAY = 86400


def of(metric: Metric | str, more: str = "", base: str = STORE, suffix: str = "") -> str:
    """A series of a metric, of the one store or process of these cases."""
    name = metric.name if isinstance(metric, Metric) else metric
    return f"{name}{suffix}{{{', '.join(part for part in (base, more) if part)}}}"


def failures(metric: Metric, kind: str, error_type: str, fault: str) -> str:
    """A counter of failures of one type."""
    return of(metric, f'{kind}, error_type="{error_type}", fault="{fault}"')


def why(kind: str, reason: str, base: str = STORE, error_type: str = "server_error") -> str:
    """Why a probe fails."""
    return of(health.PROBE_FAILURE, f'{kind}, error_type="{error_type}", reason="{reason}"', base)


def event(kind: str, component: str, before: str, after: str) -> str:
    """Something that changed, with its time as the value."""
    own = f'kind="{kind}", component="{component}", before="{before}", after="{after}"'
    return of(health.EVENT, own)


@dataclass(frozen=True, slots=True)
class Case:
    """One situation.

    Attributes:
        alert: the alert it is about.
        says: one sentence, the test's name.
        series: input, with a sample every `step`.
        at: when to look.
        message: the description of the alert that fires; None when none may.
        severity, labels: of the alert that fires, beside those of the store.
        base: the labels that the alert takes from its series.
        step: between samples.
        pace: between evaluations; as often as samples come unless a long history makes that slow.
        groups: the recording rules that matter; the rest are left out for speed.
        facts: annotations that are looked at beside summary and description.
    """

    alert: str
    says: str
    series: Mapping[str, str]
    at: str
    message: str | None = None
    severity: str = "critical"
    labels: Mapping[str, str] = field(default_factory=dict)
    base: str = STORE
    step: str = "1m"
    pace: str = ""
    groups: tuple[str, ...] = ("health", "credentials")
    facts: Mapping[str, str] = field(default_factory=dict)


LIVENESS = 'probe="liveness"'
CART = 'probe="cart"'
TIMEOUTS = failures(health.PROBE_FAILURES, LIVENESS, "timeout", "store")
REFUSED = why(LIVENESS, "HTTP 401", error_type="unauthorized")
TIMED_OUT_PROBE = why(LIVENESS, "no answer", error_type="timeout")

MOVED = STORE.replace("woocommerce", "shopify")
STORES = [
    Case(
        "StoreDown",
        "a store whose liveness probe times out for five minutes is down",
        {of(health.UP): "1x4 0x10", TIMEOUTS: "0x4 1+1x10"},
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreDown",
        "it is told since its first failed probe, with what it costs, what fails and what changed",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_STATUS, LIVENESS): "200x4 500x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x4 268.4x10",
            why(LIVENESS, "Error establishing a database connection"): "_x4 1x10",
            of(costs.REVENUE, 'currency="EUR"'): "1240.2x20",
            of(costs.ORDERS): "30.6x20",
            event("platform", "WooCommerce", "9.3.3", "9.4.1"): "_x3 180x12",
            event("plugin", "Stripe", "8.0", ""): "_x1 60x12",
            event("theme", "Storefront", "", "4.6"): "90x12",
            event("plugin", "Older than the third", "1", "2"): "30x12",
            of(health.EVENT, 'kind="deploy", component="checkout", after="7"', 'org="acme"'): (
                "_x2 120x12"
            ),
            of(
                series.OPERATION_ERROR_RATE,
                'operation="get_cart", error_type="timeout", fault="store"',
            ): "0.1x20",
        },
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout. "
        "It answers with HTTP 500.",
        facts={
            "since": "1970-01-01 00:04:28 UTC",
            "lasted": "5m 32s",
            "error": "Error establishing a database connection",
            "error_type": "timeout",
            "cost": "about 1,240 EUR an hour in 31 orders, at this time of the week",
            "loss": "about 110 EUR",
            "failing": "get_cart (30 calls) in the last five minutes",
            "changed": "platform WooCommerce 9.3.3 to 9.4.1, deploy checkout 7, "
            "theme Storefront 4.6",
        },
    ),
    Case(
        "StoreDown",
        "it says when it began and no more while a hundred others are down, so that all are told",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x4 268.4x10",
            why(LIVENESS, "HTTP 500"): "_x4 1x10",
            of(costs.REVENUE, 'currency="EUR"'): "1240.2x20",
            **{
                of(health.UP, base=f'org="o{number}", domain="d"'): "1x8 0x2"
                for number in range(100)
            },
        },
        "10m",
        f"{WHO} keeps failing its liveness probe.",
        facts={"since": "1970-01-01 00:04:28 UTC", "lasted": "5m 32s"},
    ),
    Case(
        "StoreDown",
        "a store that was of another platform minutes ago is told of, and holds up no other",
        {
            of(health.UP): "1x4 stale",
            of(health.UP, base=MOVED): "_x4 0x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS, MOVED): "_x4 268.4x10",
            of(costs.REVENUE, 'currency="EUR"'): "36000x20",
            of(costs.REVENUE, 'currency="EUR"', MOVED): "36000x20",
        },
        "8m",
        f"{WHO} keeps failing its liveness probe.",
        base=MOVED,
        facts={"since": "1970-01-01 00:04:00 UTC", "loss": "about 2,120 EUR"},
    ),
    Case(
        "StoreDown",
        "it counts from before the exporter was restarted, and its first failure since",
        {
            of(health.UP): "1x4 0x10",
            TIMEOUTS: "0x4 1+1x10",
            of(health.PROBE_FAILING_SINCE, LIVENESS): "_x7 450x10",
        },
        "10m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
        facts={"since": "1970-01-01 00:05:00 UTC", "lasted": "5m 0s"},
    ),
    Case(
        "StoreDown",
        "a store that is still down when its maintenance is over is told of after two minutes",
        {of(health.UP): "1x4 0x40", of(health.MAINTENANCE): "0x3 1x20 0x30"},
        "28m",
        f"{WHO} keeps failing its liveness probe.",
        facts={"since": "1970-01-01 00:25:00 UTC"},
    ),
    Case(
        "StoreDown",
        "a store that was down stays so for some minutes when the exporter itself vanishes",
        {of(health.UP): "1x2 0x6 stale"},
        "12m",
        f"{WHO} keeps failing its liveness probe.",
    ),
    Case(
        "StoreDown",
        "one failed probe is not an outage",
        {of(health.UP): "1x4 0 1x10"},
        "6m",
    ),
    Case(
        "StoreDown",
        "a store that another exporter reaches is not down",
        {of(health.UP, 'instance="a"'): "0x20", of(health.UP, 'instance="b"'): "1x20"},
        "15m",
    ),
    Case(
        "StoreDown",
        "a store that refuses our key is not down",
        {
            of(health.UP): "1x4 0x20",
            of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x20",
            REFUSED: "_x4 1x20",
        },
        "20m",
    ),
    Case(
        "StoreCredentialsRejected",
        "a key that is refused twice in a row is reported, from its first refusal on",
        {of(health.PROBE_SUCCESS, LIVENESS): "1x4 0x10", REFUSED: "_x4 1x10"},
        "8m",
        f"{WHO} refuses our credentials altogether.",
    ),
    Case(
        "StoreCredentialsRejected",
        "a collector that lacks a permission is reported although the probe succeeds",
        {
            of(health.PROBE_SUCCESS, LIVENESS): "1x70",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "1x4 0x66",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "_x4 1x14 2x14 3x38"
            ),
        },
        "40m",
        f"{WHO} refuses our credentials, or a permission that they need, in 1 of the probes and "
        "collectors.",
        "warning",
    ),
    Case(
        "StoreDown",
        "a store that lacks a permission and then times out is down",
        {
            of(health.UP): "1x9 0x20",
            of(health.PROBE_SUCCESS, LIVENESS): "1x9 0x20",
            TIMEOUTS: "0x9 1+1x20",
            of(business.COLLECTOR_SUCCESS, 'collector="orders"'): "0x30",
            failures(business.COLLECTOR_FAILURES, 'collector="orders"', "forbidden", "config"): (
                "_x4 1x26"
            ),
        },
        "15m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreDown",
        "a store that refused our key before it stopped to answer is down",
        {
            of(health.UP): "0x30",
            of(health.PROBE_SUCCESS, LIVENESS): "0x30",
            REFUSED: "1x9 stale",
            TIMED_OUT_PROBE: "_x10 1x20",
            TIMEOUTS: "0x9 1+1x20",
        },
        "20m",
        f"{WHO} keeps failing its liveness probe. The latest failures are of type timeout.",
    ),
    Case(
        "StoreVitalProbeFailing",
        "a checkout that is marked critical and fails is a page although the store answers",
        {
            of(health.UP): "1x20",
            of(health.HEALTH, 'state="critical"'): "0x4 1x16",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "0x4 1+1x16",
        },
        "10m",
        f"{WHO} answers, but what it needs to sell does not work: a critical probe fails "
        "(100% of the time). The latest failures are of type server_error.",
    ),
    Case(
        "StoreVitalProbeFailing",
        "one failed run of a checkout that is probed every five minutes is none, for it runs again",
        {of(health.UP): "1x60", of(health.HEALTH, 'state="critical"'): "0x20 1x6 0x40"},
        "9m",
        step="15s",
    ),
    Case(
        "StoreVitalProbeFailing",
        "two failed runs in a row of a checkout are a page before its third",
        {
            of(health.UP): "1x60",
            of(health.HEALTH, 'state="critical"'): "0x20 1x40",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "_x20 1x5 2x35",
        },
        "9m15s",
        f"{WHO} answers, but what it needs to sell does not work: a critical probe fails "
        "(100% of the time). The latest failures are of type server_error.",
        step="15s",
    ),
    Case(
        "StoreVitalProbeFailing",
        "a store that is down has its own message",
        {of(health.UP): "1x4 0x30", of(health.HEALTH, 'state="critical"'): "0x4 1x30"},
        "30m",
    ),
    Case(
        "StoreCredentialsRejected",
        "a new key ends it with its first success",
        {of(health.PROBE_SUCCESS, LIVENESS): "0x8 1x10", REFUSED: "1x8 stale"},
        "10m",
    ),
    Case(
        "StoreCredentialsRejected",
        "timeouts are no matter of credentials",
        {of(health.PROBE_SUCCESS, LIVENESS): "0x20", TIMED_OUT_PROBE: "1x20"},
        "15m",
    ),
    Case(
        "StoreDegraded",
        "a store whose cart does not work for a quarter of an hour is degraded",
        {
            of(health.HEALTH, 'state="degraded"'): "0x4 1x30",
            failures(health.PROBE_FAILURES, CART, "server_error", "store"): "0x4 1+1x30",
            why(CART, "Uncaught TypeError: (id)"): "_x4 1x30",
        },
        "25m",
        f"{WHO} has been degraded for more than a quarter of an hour, all the time or again and "
        "again: a probe that is not vital fails, or the store is slow. The latest failures are of "
        "type server_error.",
        "warning",
        facts={"error": "cart: Uncaught TypeError: (id)"},
    ),
    Case(
        "StoreDegraded",
        "ten minutes of it are not worth a ticket",
        {of(health.HEALTH, 'state="degraded"'): "0x4 1x10 0x10"},
        "14m",
    ),
]


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


FIVE_DOWN = "5 of the 40 woocommerce stores watched do not answer; over all platforms 5 of 40."
OUTAGE = of("ALERTS", base='alertname="StoresDown", alertstate="firing", platform="woocommerce"')
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
        "5 of the 5 woocommerce stores watched do not answer; over all platforms 5 of 5. Types of "
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
        "10 of the 10 woocommerce stores watched do not answer; over all platforms 10 of 10.",
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
        "5 of the 120 woocommerce stores watched do not answer; over all platforms 5 of 120. "
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
        "platform has been told. The latest failures are of type server_error. It answers with "
        "HTTP 500.",
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
        "platform has been told.",
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
        "platform has been told.",
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
]

UPKEEP = [
    Case(
        "StoreCertificateExpiring",
        "ten days before it expires a certificate is a ticket",
        {of(health.TLS_EXPIRY): f"{10 * DAY}x130"},
        "2h",
        f"The certificate of {WHO} expires in 9d 22h.",
        "warning",
    ),
    Case(
        "StoreCertificateExpiring",
        "two days before it expires a certificate is a page as well",
        {of(health.TLS_EXPIRY): f"{2 * DAY}x130"},
        "30m",
        f"The certificate of {WHO} expires in 1d 23h.",
    ),
    Case(
        "StoreCertificateExpiring",
        "one that has expired is told of as such",
        {of(health.TLS_EXPIRY): "-1860x130"},
        "30m",
        f"The certificate of {WHO} expired 1h 1m ago.",
    ),
    Case(
        "StoreCertificateExpiring",
        "a month before it expires there is nothing to do",
        {of(health.TLS_EXPIRY): f"{30 * DAY}x130"},
        "2h",
    ),
    Case(
        "StoreApiVersionExpiring",
        "twenty days before its end the API version is a ticket",
        {of(health.API_VERSION_EXPIRY): f"{20 * DAY}x130"},
        "2h",
        f"The API version configured for {WHO} ends in 19d 22h.",
        "warning",
    ),
    Case(
        "StoreApiVersionExpiring",
        "half a year before its end there is nothing to do",
        {of(health.API_VERSION_EXPIRY): f"{180 * DAY}x130"},
        "2h",
    ),
    Case(
        "StoreApiBudgetLow",
        "an hour in which nineteen twentieths of the budget were sent is a ticket",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+9.5x80",
            of(health.API_BUDGET_LIMIT): "600x80",
        },
        "80m",
        f"Only 5% of the API budget for {WHO} is left; collectors will wait and their figures "
        "grow old.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "no less than nothing is left of a budget",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+10.4x80",
            of(health.API_BUDGET_LIMIT): "600x80",
        },
        "80m",
        f"Only 0% of the API budget for {WHO} is left; collectors will wait and their figures "
        "grow old.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "the platform's own budget counts as well",
        {of(health.API_BUCKET_AVAILABLE): "50x20", of(health.API_BUCKET_MAXIMUM): "1000x20"},
        "15m",
        f"Only 5% of the API budget for {WHO} is left; collectors will wait and their figures "
        "grow old.",
        "warning",
    ),
    Case(
        "StoreApiBudgetLow",
        "a platform's budget that fills up between two evaluations is none",
        {
            of(health.API_BUCKET_AVAILABLE): " ".join(["50 1000"] * 10),
            of(health.API_BUCKET_MAXIMUM): "1000x20",
        },
        "16m",
        pace="2m",
    ),
    Case(
        "StoreApiBudgetLow",
        "a budget half spent is what it is for",
        {
            of(health.API_REQUESTS, 'source="orders"'): "0+5x80",
            of(health.API_BUDGET_LIMIT): "600x80",
            of(health.API_BUDGET_REMAINING): "5x80",
        },
        "80m",
    ),
]

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
        groups=("surges",),
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
        groups=("surges",),
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
        groups=("surges",),
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
        groups=("surges",),
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

EXPORTER = [
    Case(
        "Watchdog",
        "it always fires",
        {},
        "1m",
        ("Value 1: Prometheus evaluates rules and reaches Alertmanager."),
        "none",
        base="",
    ),
    Case(
        "StoreExporterDown",
        "an exporter that cannot be scraped for three minutes is a page",
        {of("up", base=PROCESS): "1x3 0x10"},
        "8m",
        "Prometheus has not been able to scrape exporter:10847 for more than two minutes. The "
        "state of its stores is unknown.",
        base=PROCESS,
    ),
    Case(
        "StoreExporterDown",
        "one missed scrape is not, nor is another job that is down",
        {
            of("up", base=PROCESS): "1x3 0 1x10",
            of("up", base='job="node", instance="node:9100"'): "0x20",
        },
        "6m",
        base=PROCESS,
    ),
    Case(
        "StoreMetricsAbsent",
        "no exporter at all is a page",
        {of(exporter.BUILD_INFO, base=PROCESS): "1x2 stale"},
        "20m",
        "No exporter has been scraped for more than five minutes. No store is watched.",
        base="",
    ),
    Case(
        "StoreMetricsAbsent",
        "one exporter is enough",
        {of(exporter.BUILD_INFO, base=PROCESS): "1x20"},
        "20m",
        base="",
    ),
    Case(
        "StoreExporterReloadFailed",
        "a refused configuration is a ticket",
        {of(exporter.RELOAD_SUCCESSFUL, base=PROCESS): "0x20"},
        "10m",
        "The last reload on exporter:10847 failed; changes to stores and credentials have no "
        "effect.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterReloadFailed",
        "an accepted one is not",
        {of(exporter.RELOAD_SUCCESSFUL, base=PROCESS): "1x20"},
        "10m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterStalling",
        "pauses that recur for ten minutes are a ticket",
        {of(exporter.LOOP_LAG, base=PROCESS): "0.01x5 2.5x30"},
        "20m",
        "The event loop of exporter:10847 stood still for 2.5s at the longest, and has had such "
        "pauses for ten minutes.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterStalling",
        "one pause is none",
        {of(exporter.LOOP_LAG, base=PROCESS): "0.01x5 2.5x2 0.01x30"},
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterLagging",
        "runs that start up to a minute late for half an hour are a ticket",
        {
            of(exporter.SCHEDULER_LAG, f'le="{le}"', PROCESS, "_bucket"): f"0+{n}x40"
            for le, n in (("1.0", 50), ("15.0", 50), ("60.0", 100), ("+Inf", 100))
        },
        "35m",
        "One in a hundred runs on exporter:10847 starts at least 59.1s late.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreExporterLagging",
        "runs that start within a second are on time",
        {
            of(exporter.SCHEDULER_LAG, f'le="{le}"', PROCESS, "_bucket"): f"0+{n}x40"
            for le, n in (("1.0", 100), ("15.0", 100), ("+Inf", 100))
        },
        "35m",
        base=PROCESS,
    ),
    Case(
        "StoreExporterImpaired",
        "runs that fail by the exporter itself for a quarter of an hour wake somebody",
        {of(exporter.RUNS_SKIPPED, 'reason="local"', PROCESS): "0+2x30"},
        "20m",
        "10 runs failed on exporter:10847 itself within five minutes, before a store could answer. "
        "The state of those stores is unknown.",
        "critical",
        base=PROCESS,
    ),
    Case(
        "StoreExporterImpaired",
        "a few at once are over, and other reasons are none",
        {
            of(exporter.RUNS_SKIPPED, 'reason="local"', PROCESS): "0 20x30",
            of(exporter.RUNS_SKIPPED, 'reason="budget"', PROCESS): "0+2x30",
        },
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreInstrumentationFailing",
        "failures to measure are a ticket",
        {of(exporter.INSTRUMENTATION_ERRORS, 'stage="labels"', PROCESS): "0+2x30"},
        "20m",
        "exporter:10847 counted 30 failures of the instrumentation at stage labels within a "
        "quarter of an hour.",
        "warning",
        {"stage": "labels"},
        PROCESS,
    ),
    Case(
        "StoreInstrumentationFailing",
        "those of last night are over",
        {of(exporter.INSTRUMENTATION_ERRORS, 'stage="labels"', PROCESS): "7x30"},
        "20m",
        base=PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "operations beyond a limit are a ticket, from the first one on",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "_x5 4x20"},
        "12m",
        "exporter:10847 recorded 4 operations as other within an hour: the limit of org is "
        "reached.",
        "warning",
        {"limit": "org"},
        PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "while the limit is reached it stays, also through half an hour without an operation",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "0x5 60x240"},
        "50m",
        "exporter:10847 recorded 60 operations as other within an hour: the limit of org is "
        "reached.",
        "warning",
        {"limit": "org"},
        PROCESS,
    ),
    Case(
        "StoreSeriesDropped",
        "an hour without any is the end of it",
        {of(exporter.SERIES_DROPPED, 'limit="org"', PROCESS): "4x90"},
        "80m",
        base=PROCESS,
    ),
    Case(
        "StoreOtlpPushesFailing",
        "three of four pushes failing is a ticket",
        {
            of(exporter.OTLP_PUSHES, 'result="failure"', PROCESS): "0+3x40",
            of(exporter.OTLP_PUSHES, 'result="success"', PROCESS): "0+1x40",
        },
        "30m",
        "75% of the pushes of exporter:10847 fail.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreOtlpPushesFailing",
        "one of ten is not",
        {
            of(exporter.OTLP_PUSHES, 'result="failure"', PROCESS): "0+1x40",
            of(exporter.OTLP_PUSHES, 'result="success"', PROCESS): "0+9x40",
        },
        "30m",
        base=PROCESS,
    ),
    Case(
        "StoreOperationBroken",
        "half of an operation failing by our own bug is one page for all stores",
        {
            of(operations.OPERATIONS, 'operation="get_cart"'): "0+10x30",
            of(
                operations.OPERATION_ERRORS,
                'operation="get_cart", error_type="exception", fault="app"',
            ): "0+5x30",
        },
        "20m",
        "50% of the get_cart operations on woocommerce fail with errors of the application itself, "
        "over all stores. It hurts acme (50 calls).",
        base='platform="woocommerce", operation="get_cart"',
    ),
    Case(
        "StoreOperationBroken",
        "three calls at night are too few to mean anything",
        {
            of(operations.OPERATIONS, 'operation="get_cart"'): "0+0.1x30",
            of(
                operations.OPERATION_ERRORS,
                'operation="get_cart", error_type="exception", fault="app"',
            ): "0+0.1x30",
        },
        "20m",
        base='platform="woocommerce", operation="get_cart"',
    ),
]

ALERTMANAGER = 'job="alertmanager", instance="alertmanager:9093"'
REFUSED_MESSAGES = of(
    "alertmanager_notifications_failed_total",
    'integration="slack", reason="clientError"',
    ALERTMANAGER,
)


def refused_by(receiver: str) -> str:
    """Messages that a receiver refused, where Alertmanager counts by receiver."""
    own = f'integration="slack", reason="clientError", receiver_name="{receiver}"'
    return of("alertmanager_notifications_failed_total", own, ALERTMANAGER)


FIRED = 'alertstate="firing", severity="critical", org="acme"'
EXPORTER += [
    Case(
        "StoreAlertsUndelivered",
        "messages that Slack refused are told with what fired meanwhile, as soon as it takes one",
        {
            REFUSED_MESSAGES: "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 (1 in the last quarter of an hour). "
        "In the last two hours there fired StoreDown tea.example (acme), over.",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "the receivers that refused are named where Alertmanager counts by receiver",
        {
            refused_by("org-acme/1"): "0x4 1x20",
            refused_by("platform"): "0x4 3x20",
            refused_by("org-globex"): "7x40",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDegraded", domain="tea.example"', ""
            ): "_x2 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 to platform, org-acme/1 (4 in the last "
        "quarter of an hour). In the last two hours there fired StoreDegraded tea.example (acme), "
        "over; StoreDown tea.example (acme).",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "messages that all arrive are nothing to tell of",
        {REFUSED_MESSAGES: "3x40"},
        "30m",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "an org hears of what ended while its own receiver refused, and of nobody else's alerts",
        {
            refused_by("org-acme/2"): "0x4 1x20",
            refused_by("org-globex"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
            of(
                "ALERTS",
                'alertstate="firing", org="globex", alertname="StoreDown", domain="x.example"',
                "",
            ): "_x4 1x30",
        },
        "12m",
        "slack refused messages to acme. What fired and ended in the last two hours: StoreDown "
        "tea.example.",
        base='org="acme", integration="slack"',
        labels={"audience": "org"},
    ),
    Case(
        "StoreAlertsMissed",
        "an alert that goes on has messages of its own",
        {
            refused_by("org-acme"): "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "what the platform's receiver refused no org hears of",
        {
            refused_by("platform"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
]

STATE = [
    Case(
        "StoreDiscoveryFailing",
        "a source of stores that fails again and again is a ticket",
        {of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x4 5x20"},
        "16m",
        "exporter:10847 could not read the stores of acme 3 times in a row; those found before "
        "are watched on.",
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
        "it ends with the first look that succeeds, however often it failed in the last two hours",
        {
            of(exporter.DISCOVERY_FAILING, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x4 0x20",
            of(exporter.DISCOVERY_FAILURES, 'org="acme"', PROCESS): "0x4 1x4 2x4 3x4 4x24",
        },
        "26m",
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
        "exporter:10847 lost saved state; orders and revenue may count from then on only.",
        "warning",
        base=PROCESS,
    ),
    Case(
        "StoreStateFull",
        "a full disk wakes somebody within minutes",
        {of(exporter.STATE_ERRORS, 'reason="full"', PROCESS): "0x10 1+2x20"},
        "15m",
        "exporter:10847 could not save 9 runs within ten minutes for want of space. Their counters "
        "stand still; nothing is lost.",
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
        "Their counters stand still; nothing is lost.",
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
        "3 woocommerce stores are not watched, so that nothing tells whether they are up.",
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

AVAILABILITY = 'slo="availability"'


def burning(long: str, short: str, rate: float, events: float = 1000) -> dict[str, str]:
    """Recorded burn rates over two windows, and the events that they rest on."""
    return {
        of(slo.burn_rate(long), AVAILABILITY): f"{rate}x400",
        of(slo.burn_rate(short), AVAILABILITY): f"{rate}x400",
        of(slo.events_in(long), AVAILABILITY): f"{events}x400",
        of(slo.MINIMUM, AVAILABILITY): "100x400",
    }


def spends(rate: str, long: str) -> str:
    """The message of a burn alert."""
    return (
        f"{WHO} spends its availability error budget {rate} times as fast as is allowed, "
        f"over the last {long}."
    )


def windows(long: str) -> dict[str, str]:
    """The labels of a burn alert."""
    return {"slo": "availability", "window": long}


GET_CART = 'operation="get_cart"'
TIMED_OUT = f'{GET_CART}, error_type="timeout", fault="store"'
SOLD_OUT = f'{GET_CART}, error_type="out_of_stock", fault="customer"'
SLO_GROUPS = ("operations", "slo", "slo.long")

OBJECTIVES = [
    Case(
        "StoreErrorBudgetBurn",
        "a fifth of the operations timing out is a page within minutes",
        {
            of(operations.OPERATIONS, GET_CART): "0+30x150",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0+6x150",
        },
        "12m",
        spends("20.0", "1h"),
        labels=windows("1h"),
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "shoppers whose every wish is out of stock are no failure",
        {
            of(operations.OPERATIONS, GET_CART): "0+30x150",
            of(operations.OPERATION_ERRORS, SOLD_OUT): "0+30x150",
        },
        "70m",
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "three calls a night that all fail are below the floor",
        {
            of(operations.OPERATIONS, GET_CART): "0x60 1x30 2x30 3x30",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x60 1x30 2x30 3x30",
        },
        "70m",
        step="30s",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "six times too fast over six hours is a page",
        burning("6h", "30m", 7),
        "30m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "three times too fast over a day is a ticket",
        burning("1d", "2h", 4),
        "3h",
        spends("4.0", "1d"),
        "warning",
        labels=windows("1d"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a little too fast over three days is a ticket",
        burning("3d", "6h", 1.2),
        "4h",
        spends("1.2", "3d"),
        "warning",
        labels=windows("3d"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "what is over by the short window is over",
        {
            **burning("6h", "30m", 7),
            of(slo.burn_rate("30m"), AVAILABILITY): "0x400",
        },
        "1h",
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a store with few operations in the long window never pages",
        burning("1h", "5m", 100, events=40),
        "1h",
        groups=(),
    ),
]

UPTIME = {"slo": "uptime", "window": "6h"}
DOWN_TOLD = of("ALERTS", 'alertname="StoreDown", alertstate="firing", severity="critical"')
OBJECTIVES += [
    Case(
        "StoreErrorBudgetBurn",
        "what was a page within an hour is no second one within six",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x5 1x2 stale",
        },
        "35m",
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "but what goes on after that at a lower pace is",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x5 1x2 stale",
        },
        "55m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a page within six hours goes on while a faster one fires",
        {
            **burning("6h", "30m", 7),
            of(
                "ALERTS",
                f'{AVAILABILITY}, alertname="StoreErrorBudgetBurn", alertstate="firing", '
                'severity="critical", window="1h"',
            ): "_x40 1x20",
        },
        "55m",
        spends("7.0", "6h"),
        labels=windows("6h"),
        groups=(),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "calls that fail while a store is down are not told of again when it is up",
        {
            of(operations.OPERATIONS, GET_CART): "0+60x250",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x120 60+60x44 2700x80",
            DOWN_TOLD: "_x122 1x48 stale",
        },
        "2h55m",
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "calls that go on failing when it is up are",
        {
            of(operations.OPERATIONS, GET_CART): "0+60x250",
            of(operations.OPERATION_ERRORS, TIMED_OUT): "0x120 60+60x129",
            DOWN_TOLD: "_x122 1x48 stale",
        },
        "3h",
        spends("96.7", "1h"),
        labels=windows("1h"),
        groups=SLO_GROUPS,
    ),
    Case(
        "StoreErrorBudgetBurn",
        "a critical probe that fails one time in ten is a page, without any application",
        {of(health.HEALTH, 'state="critical"'): " ".join(["0x8 1"] * 20)},
        "1h30m",
        f"{WHO} spends its uptime error budget 9.2 times as fast as is allowed, over the last 6h.",
        labels=UPTIME,
        groups=("health", "slo", "slo.long"),
    ),
    Case(
        "StoreErrorBudgetBurn",
        "an outage that was told by itself is not told again by its budget",
        {
            of(health.HEALTH, 'state="critical"'): "0x120 1x30 0x60",
            DOWN_TOLD: "_x122 1x30 stale",
        },
        "2h55m",
        groups=("health", "slo", "slo.long"),
    ),
]

# Half an hour a sample, so that weeks are quick to evaluate. The shop sells 12 an hour.
WEEK = 7 * 48
SELLING = f"0+6x{4 * WEEK}"
SOLD = 6 * 4 * WEEK
STEADY = f"1x{5 * WEEK}"


def after(weeks: int, minutes: int) -> str:
    """A moment after some weeks."""
    return f"{weeks * 7 * 24 * 60 + minutes}m"


def drought(sales: str, collector: str = STEADY) -> dict[str, str]:
    """A shop's orders, and whether they are read."""
    return {of(business.ORDERS_PAID): sales, ORDERS: collector, of(series.UP_SAMPLED): STEADY}


def opening(*hours: int) -> dict[str, str]:
    """Orders of two hours, every half hour, of a shop that sells 24 an hour in twelve of a day.

    Args:
        hours: when it opens in each week.
    """
    samples = []
    for opens in hours:
        sells = [2 * opens <= half % 48 < 2 * opens + 24 for half in range(WEEK)]
        samples += [12 * sum(sells[max(half - 4, 0) : half]) for half in range(WEEK)]
    return {
        of(series.orders_in("2h")): " ".join(map(str, samples)),
        ORDERS: STEADY,
        of(series.UP_SAMPLED): STEADY,
    }


def latency(weeks: int, before: float, now: float, per_sample: int = 60) -> dict[str, str]:
    """Calls that all take `before` s for some weeks, then `now` s, in classic buckets."""
    past, recent = weeks * WEEK, 14
    more = f"0+{per_sample}x{past} {per_sample * past}+{per_sample}x{recent}"

    def bucket(bound: float) -> str:
        then, later = (per_sample / 1800 * (each <= bound) for each in (before, now))
        return f"{then}x{past} {later}x{recent}"

    return {
        **{
            of(series.STORE_BUCKETS, f'le="{bound}"'): bucket(float(bound))
            for bound in (*map(str, operations.OPERATION_DURATION.buckets), "+Inf")
        },
        of(operations.OPERATIONS, GET_CART): more,
        of(series.STORE_QUANTILE, 'quantile="0.95"'): f"{now}x{past + recent}",
    }


SLOW = (
    f"The p95 latency of {WHO} over the last hour is {{}}, more than 2 times what it normally is "
    "at this hour of the week."
)

WEEKS = [
    Case(
        "StoreOrderDrought",
        "a shop that sold at this hour for four weeks and now sells nothing is a page",
        drought(f"{SELLING} {SOLD}x40")
        | {of(business.REVENUE, 'currency="EUR"'): f"0+7500x{4 * WEEK} {7500 * 4 * WEEK}x40"},
        after(4, 360),
        f"{WHO} had no order in the last 2h; normally it has 24 at this time of the week.",
        labels={"window": "2h"},
        step="30m",
        pace="1h",
        groups=("business", "costs"),
        facts={"cost": "about 15,000 EUR an hour in 12 orders, at this time of the week"},
    ),
    Case(
        "StoreOrderDrought",
        "a shop that goes on selling is not",
        drought(f"0+6x{5 * WEEK}"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "two weeks of history are too few to know what is normal",
        drought(f"0+6x{2 * WEEK} {6 * 2 * WEEK}x40"),
        after(2, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "a shop that sells one an hour sells none now and then",
        drought(f"0+0.5x{4 * WEEK} {0.5 * 4 * WEEK}x40"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "orders that we fail to read are not orders that are missing",
        drought(f"{SELLING} {SOLD}x40", f"1x{4 * WEEK} 0x40"),
        after(4, 360),
        step="30m",
        pace="1h",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "a shop that opens an hour later by our clock since clocks changed is not open yet",
        opening(8, 8, 8, 8, 9),
        after(4, 9 * 60),
        step="30m",
        pace="30m",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "and one that closes an hour earlier is closed",
        opening(8, 8, 8, 8, 7),
        after(4, 21 * 60 + 30),
        step="30m",
        pace="30m",
        groups=("business",),
    ),
    Case(
        "StoreOrderDrought",
        "what was not recorded an hour ago, as while Prometheus was down, holds nothing back",
        {
            of(series.orders_normal("2h")): "24x12 _x12 24x36",
            of(series.orders_ahead("2h")): "24x60",
            of(series.orders_in("2h")): "0x60",
            ORDERS: STEADY,
            of(series.UP_SAMPLED): STEADY,
        },
        "2h45m",
        f"{WHO} had no order in the last 2h; normally it has 24 at this time of the week.",
        labels={"window": "2h"},
        step="5m",
        groups=(),
    ),
    Case(
        "StoreOrderDrought",
        "nobody knows what a shop sold while nothing was scraped, though it sold little since",
        {
            of(series.orders_normal("2h")): "24x60",
            of(series.orders_ahead("2h")): "24x60",
            of(series.orders_in("2h")): "24x10 _x35 0x14",
            ORDERS: "1x10 _x35 1x14",
            of(series.UP_SAMPLED): "1x10 _x35 1x14",
        },
        "4h50m",
        step="5m",
        groups=(),
    ),
    Case(
        "StoreLatencyRegression",
        "ten times as slow as at this hour of the last weeks is a ticket",
        latency(4, 0.2, 2.0),
        after(4, 360),
        SLOW.format("2.425s"),
        "warning",
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "as slow as it always was is no regression",
        latency(4, 2.0, 2.0),
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "two weeks of history are too few to know what is normal",
        latency(2, 0.2, 2.0),
        after(2, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
    Case(
        "StoreLatencyRegression",
        "an hour with a dozen operations has no p95 worth the name",
        latency(4, 0.2, 2.0, per_sample=6),
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("latency",),
    ),
]

EUR = 'currency="EUR"'
EARNED = {
    of(business.REVENUE, EUR): f"0+3000x{5 * WEEK}",
    of(business.ORDERS_PAID): f"0+6x{5 * WEEK}",
}
SURGES = [
    Case(
        "StoreRefundSurge",
        "a day with thirty times the refunds of past weeks is a ticket",
        {**EARNED, of(business.REFUNDS, EUR): f"0+30x{4 * WEEK} {30 * 4 * WEEK}+900x100"},
        after(4, 1620),
        f"{WHO} paid back 43,200 EUR within a day, more than 3 times what is normal and more than "
        "20% of what it earned.",
        "warning",
        {"currency": "EUR"},
        step="30m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "what is always paid back is no surge",
        {**EARNED, of(business.REFUNDS, EUR): f"0+900x{5 * WEEK}"},
        after(4, 1620),
        step="30m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "one refund of a shop with two orders a day is no surge",
        {
            of(business.REVENUE, EUR): f"0+10x{5 * WEEK}",
            of(business.ORDERS_PAID): f"0+0.04x{5 * WEEK}",
            of(business.REFUNDS, EUR): f"0+1x{4 * WEEK} {4 * WEEK}+300x100",
        },
        after(4, 1620),
        step="30m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreRefundSurge",
        "two weeks of history are too few to know what is normal",
        {**EARNED, of(business.REFUNDS, EUR): f"0+30x{2 * WEEK} {30 * 2 * WEEK}+900x100"},
        after(2, 1620),
        step="30m",
        pace="3h",
        groups=("business", "surges"),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "two weeks of history are too few to know what is normal",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{2 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"30x{5 * WEEK}",
        },
        after(2, 360),
        step="30m",
        pace="3h",
        groups=("surges",),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "carts worth four times the normal are a ticket",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{4 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"30x{5 * WEEK}",
        },
        after(4, 360),
        f"Carts worth 8,000 EUR are abandoned at {WHO}, more than 3 times what is normal.",
        "warning",
        {"currency": "EUR"},
        step="30m",
        pace="3h",
        groups=("surges",),
    ),
    Case(
        "StoreAbandonedCartsSurge",
        "four carts are too few to mean anything, however dear they are",
        {
            of(business.CART_ABANDONED_VALUE, EUR): f"2000x{4 * WEEK} 8000x100",
            of(business.CARTS_ABANDONED): f"4x{5 * WEEK}",
        },
        after(4, 360),
        step="30m",
        pace="3h",
        groups=("surges",),
    ),
]


CHANGED_VERSION = {
    of(health.INFO, 'version="9.3.3"'): f"1x{60 * 30} stale",
    of(health.INFO, 'version="9.4.1"'): f"_x{60 * 30} 1x400",
}
JUST_NOW = f"_x{60 * 30} {60 * 60 * 30}x400"
"""An event at the same time."""
SAME_VERSION = {of(health.INFO, 'version="9.3.3"'): "1x2200"}


def carts(share: float, rate: float = 0.05, before: float = 0.0) -> dict[str, str]:
    """Cart calls a second for thirty hours, and the share of them that fails then and now."""
    return {
        of(series.CHECKOUT_MEASURED): f"{rate}x2200",
        of(series.CHECKOUT_FAILED): f"{rate * before:g}x1800 {rate * share:g}x400",
    }


def payments(method: str, failed: str, paid: str) -> dict[str, str]:
    """Orders of a payment method, a sample every half hour."""
    label = f'payment_method="{method}"'
    return {
        of(business.PAYMENTS, f'{label}, result="failed"'): failed,
        of(business.PAYMENTS, f'{label}, result="paid"'): paid,
    }


def often_failing(now: int) -> dict[str, str]:
    """A shop in which 8 of 18 payments of half an hour fail for a week, and so many now."""
    return {
        of(business.ORDERS, 'status="failed"'): f"0+8x{WEEK} {8 * WEEK}+{now}x60",
        of(business.ORDERS_PAID): f"0+10x{WEEK + 60}",
    }


GOES_ON = payments("paypal", "0x400", "0+3x400")
METHODS = [
    Case(
        "StorePaymentMethodFailing",
        "a method of today has no week that it could be compared with",
        {**payments("stripe", f"0x{WEEK} 0+5x60", f"0x{WEEK + 60}"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "a shop whose payments often fail, as they did the week before, is as it always was",
        often_failing(now=8),
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentsFailing",
        "and it is told of where nearly all of them fail",
        often_failing(now=40),
        after(1, 360),
        f"80% of the payments at {WHO} failed in the last hour.",
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "a gateway whose payments all fail while others go on is a page",
        {**payments("stripe", "0+0.05x336 17+3x60", "0+3x336 1008x60"), **GOES_ON},
        after(1, 360),
        f"100% of the payments by stripe at {WHO} failed in the last two hours.",
        labels={"payment_method": "stripe"},
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "a gateway that always declines two of three works as it always did",
        {**payments("stripe", "0+2x400", "0+1x400"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
    Case(
        "StorePaymentMethodFailing",
        "two failed payments of a rare method are too few to mean anything",
        {**payments("stripe", "0x336 0+0.5x60", "0+0.5x336 168x60"), **GOES_ON},
        after(1, 360),
        step="30m",
        pace="3h",
        groups=("business", "payments"),
    ),
]

AFTER_UPDATE = "31h"
UPDATES = [
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a third of the cart calls failing since an update is a page",
        {**carts(0.3), **CHANGED_VERSION},
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "and so is it since a plugin was updated, which leaves the version as it was",
        {**carts(0.3), **SAME_VERSION, event("plugin", "Stripe", "8.0", "8.1"): JUST_NOW},
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "and since the org deployed something to all its stores, which names none of them",
        {
            **carts(0.3),
            **SAME_VERSION,
            of(series.STORE_UP): "1x2200",
            f'{health.EVENT.name}{{org="acme", kind="deploy", component="app"}}': JUST_NOW,
        },
        AFTER_UPDATE,
        f"30% of the cart and checkout calls at {WHO} failed in the last half hour; "
        "something was updated within 6 hours.",
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "what another org deployed is none of its business",
        {
            **carts(0.3),
            **SAME_VERSION,
            of(series.STORE_UP): "1x2200",
            f'{health.EVENT.name}{{org="globex", kind="deploy", component="app"}}': JUST_NOW,
        },
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a certificate that was renewed is no update",
        {
            **carts(0.3),
            **SAME_VERSION,
            event("certificate", "expires", "2026-01-01", "2026-04-01"): JUST_NOW,
        },
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "the same without an update is the matter of other alerts",
        {**carts(0.3), **SAME_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "what failed before the update is not its fault",
        {**carts(0.3, before=0.25), **CHANGED_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
    Case(
        "StoreCheckoutErrorsAfterUpdate",
        "a few calls at night are too few to mean anything",
        {**carts(0.3, rate=0.005), **CHANGED_VERSION},
        AFTER_UPDATE,
        pace="30m",
        groups=(),
    ),
]


def in_maintenance(case: Case) -> Case:
    """The same situation, of a store that is in maintenance all the time."""
    raw = "health" in case.groups
    maintained = of(health.MAINTENANCE if raw else series.MAINTENANCE, base=STORE)
    return replace(case, series={**case.series, maintained: "1x2000"}, message=None)


CASES = [
    *STORES,
    *OUTAGES,
    *UPKEEP,
    *BUSINESS,
    *EXPORTER,
    *STATE,
    *REPLICAS,
    *OBJECTIVES,
    *WEEKS,
    *SURGES,
    *UPDATES,
    *METHODS,
]
